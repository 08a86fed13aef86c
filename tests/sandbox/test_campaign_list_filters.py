"""Another filter for a list."""

from typing import Any

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import message, put
from tests.sandbox.client import LISTS, Client


def a_list(id_: int, list_type: int) -> dict[str, Any]:
    return {"id": id_, "version": 8, "name": f"list {id_}", "status": 3, "listType": list_type, "filterName": "old"}


@pytest.fixture(autouse=True)
def _one_of_each_type(client: Client, sandbox: Sandbox) -> None:
    put(sandbox, "lists", *[a_list(100 + list_type, list_type) for list_type in range(4)])


@pytest.mark.parametrize(("list_type", "status"), [(0, 400), (1, 200), (2, 400), (3, 200)])
def test_only_lists_that_ask_their_filter_again_get_another(client: Client, list_type: int, status: int) -> None:
    path = f"{LISTS}/{100 + list_type}"
    got = client.ask("PATCH", path, {"version": 8, "filterName": "InitialLeadPhase"})
    assert got.status == status
    shown = client.get(path).json
    if status == 200:
        assert got.content == b""
        assert (shown["filterName"], shown["version"]) == ("InitialLeadPhase", 9)
    else:
        assert "only Dynamic and ActiveSort lists" in message(got)
        assert (shown["filterName"], shown["version"]) == ("old", 8)


@pytest.mark.parametrize(
    ("list_id", "body", "status"),
    [
        (101, {"version": 7, "filterName": "x"}, 409),
        (101, {"filterName": "x"}, 400),
        (101, {"version": "8", "filterName": "x"}, 400),
        (199, {"version": 8, "filterName": "x"}, 404),
    ],
)
def test_the_version_last_read_is_a_must(client: Client, list_id: int, body: Any, status: int) -> None:
    assert client.ask("PATCH", f"{LISTS}/{list_id}", body).status == status


def test_a_change_of_nothing_keeps_the_filter(client: Client) -> None:
    assert client.ask("PATCH", f"{LISTS}/101", {"version": 8}).status == 200
    assert client.get(f"{LISTS}/101").json["filterName"] == "old"
