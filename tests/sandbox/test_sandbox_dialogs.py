"""Disposable apps: a dialog's context, its outcome, its end."""

from typing import Any

import pytest

from tests.sandbox.client import APPS, Client, Clock


@pytest.fixture
def dialog(client: Client) -> str:
    return str(client.post("/_sandbox/dialogs", {"context": '{"customer": "7"}'}).json["sessionId"])


def outcome(client: Client, dialog: str, *variables: dict[str, Any]) -> Any:
    body = {"kind": "cxp#disposableAppOutcome", "variables": list(variables)}
    return client.post(f"{APPS}/outcome?sessionId={dialog}", body)


def test_the_context_is_what_the_dialog_was_started_with(client: Client, dialog: str) -> None:
    got = client.get(f"{APPS}/context?sessionId={dialog}")
    assert (got.status, got.json) == (200, {"kind": "cxp#disposableAppContext", "content": '{"customer": "7"}'})


def test_an_outcome_sets_variables_and_a_second_one_takes_its_place(client: Client, dialog: str) -> None:
    got = outcome(client, dialog, {"id": "choice", "value": "yes"}, {"id": "note", "value": ""})
    assert (got.status, got.content) == (204, b"")
    assert client.get(f"/_sandbox/dialogs/{dialog}").json["variables"] == [
        {"id": "choice", "value": "yes"},
        {"id": "note", "value": ""},
    ]
    assert outcome(client, dialog, {"id": "choice", "value": "no"}).status == 204
    assert client.get(f"/_sandbox/dialogs/{dialog}").json["variables"] == [{"id": "choice", "value": "no"}]


def both(client: Client, dialog: str) -> list[int]:
    return [client.get(f"{APPS}/context?sessionId={dialog}").status, outcome(client, dialog).status]


def test_a_dialog_is_gone_after_half_an_hour(client: Client, dialog: str, clock: Clock) -> None:
    clock.advance(1799)
    assert both(client, dialog) == [200, 204]
    clock.advance(1)
    assert both(client, dialog) == [404, 404]
    assert client.get(f"/_sandbox/dialogs/{dialog}").json["running"] is False


def test_a_dialog_may_be_given_another_lifetime(client: Client, clock: Clock) -> None:
    dialog = client.post("/_sandbox/dialogs", {"context": "", "lifetime_s": 2}).json["sessionId"]
    clock.advance(2)
    assert both(client, dialog) == [404, 404]


def test_a_dialog_is_gone_when_the_caller_hangs_up(client: Client, dialog: str) -> None:
    assert client.delete(f"/_sandbox/dialogs/{dialog}").status == 204
    assert both(client, dialog) == [404, 404]
    assert client.get(f"/_sandbox/dialogs/{dialog}").status == 404
    assert client.delete(f"/_sandbox/dialogs/{dialog}").status == 404


@pytest.mark.parametrize("path", ["context", "context?sessionId=", "outcome", "outcome?sessionId="])
def test_without_a_session_id_it_is_400(client: Client, path: str) -> None:
    got = client.post(f"{APPS}/{path}", {"variables": []}) if "outcome" in path else client.get(f"{APPS}/{path}")
    assert (got.status, got.json["message"]) == (400, "Validation exception")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "variables is missing"),
        ({"variables": {}}, "variables must be a list"),
        ({"variables": [{"value": "x"}]}, "variables[0]: id is missing"),
        ({"variables": [{"id": "a", "value": 1}]}, "variables[0]: value must be text"),
    ],
)
def test_an_outcome_that_cannot_be_read_sets_nothing(client: Client, dialog: str, body: Any, message: str) -> None:
    outcome(client, dialog, {"id": "a", "value": "kept"})
    got = client.post(f"{APPS}/outcome?sessionId={dialog}", body)
    assert (got.status, got.json["errors"][0]["message"]) == (400, message)
    assert client.get(f"/_sandbox/dialogs/{dialog}").json["variables"] == [{"id": "a", "value": "kept"}]
