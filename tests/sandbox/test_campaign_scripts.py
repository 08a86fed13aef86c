"""Automation scripts, started and stopped."""

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V2, put
from tests.sandbox.client import Client, Clock

PATH = f"{V2}/automationScripts"


@pytest.fixture(autouse=True)
def _one_script(client: Client, sandbox: Sandbox) -> None:
    script = {
        "id": 7,
        "scriptName": "Nightly load",
        "scriptDescription": "Loads the leads",
        "lastModifiedTime": "2029-12-01T00:00:00.000Z",
        "runningState": False,
        "status": 2,
        "statusMessage": "Strategy is active",
        "lastExecutedTime": "2029-12-31T00:00:00.000Z",
    }
    put(sandbox, "automationScripts", script)


def test_a_change_of_state_is_202_and_none_is_200(client: Client, clock: Clock) -> None:
    steps = [client.post(f"{PATH}/7/{step}") for step in ("stop", "start", "start", "stop", "stop")]
    assert [(got.status, got.content) for got in steps] == [
        (200, b""),
        (202, b""),
        (200, b""),
        (202, b""),
        (200, b""),
    ]


def test_a_running_script_says_so_and_since_when(client: Client, clock: Clock) -> None:
    clock.advance(60)
    client.post(f"{PATH}/7/start", via_client_sessionid="s-1")
    clock.advance(60)
    client.post(f"{PATH}/7/start")
    shown = client.get(f"{PATH}/7").json
    assert (shown["runningState"], shown["lastExecutedTime"]) == (True, "2030-01-01T12:01:00.000Z")
    assert (shown["status"], shown["lastModifiedTime"]) == (0, "2029-12-01T00:00:00.000Z")
    [listed] = client.get(PATH).json["scripts"]
    assert listed == {"kind": "via#automationScript", "id": 7, "scriptName": "Nightly load", "runningState": True}
    client.post(f"{PATH}/7/stop")
    assert client.get(f"{PATH}/7").json["runningState"] is False


@pytest.mark.parametrize(("id_", "status"), [("8", 404), ("x", 400)])
@pytest.mark.parametrize("step", ["start", "stop"])
def test_one_that_is_not_there_cannot_be_started(client: Client, id_: str, step: str, status: int) -> None:
    assert client.post(f"{PATH}/{id_}/{step}").status == status
