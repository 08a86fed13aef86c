"""The sandbox as a program: starting, stopping, and the file that outlives it."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.disk import Keeper
from bridge.sandbox.serve import running
from bridge.sandbox.state import State
from tests.sandbox.client import APPS, CAMPAIGN_V3, COOKIES, LISTS, PROVISIONING, Client, Clock, setting
from tests.sandbox.test_sandbox_lists import insert, record

SETTINGS = f"{COOKIES}/settings"


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bridge.sandbox", "--port", "0", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def program(*arguments: str, end: signal.Signals = signal.SIGTERM) -> Iterator[Client]:
    """A client of a sandbox in a process of its own, which then must end well and have said one line."""
    with start(*arguments) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("sandbox listening on http://127.0.0.1:")
        client = Client(line.split()[-1])
        client.sign_in()
        yield client
        client.connection.close()
        process.send_signal(end)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_picks_a_free_port_and_stops_cleanly(end: signal.Signals) -> None:
    with program(end=end) as client:
        assert client.get(LISTS).status == 200


def test_what_was_written_outlives_the_program(tmp_path: Path) -> None:
    data = str(tmp_path / "sandbox.json")
    with program("--data", data) as client:
        client.post(SETTINGS, {"settings": [setting(content="ü")]})
        client.post("/_sandbox/seed", {"settings": [setting(key="cxp", sessionId="s")]})
        insert(client, record(custom=[{"string": "x"}]))
        dialog = client.post("/_sandbox/dialogs", {"context": "c"}).json["sessionId"]
        client.post(f"{APPS}/outcome?sessionId={dialog}", {"variables": [{"id": "a", "value": "b"}]})
        client.put("/_sandbox/limits", {"content": 7})
        before = everything(client, dialog)
    with program("--data", data) as client:
        assert everything(client, dialog) == before
        assert client.get(f"{APPS}/context?sessionId={dialog}").json["content"] == "c"
        [inserted] = insert(client, record()).json["fastPathResponseCollection"]
        assert inserted["requestId"] != before[1]["records"][0]["requestId"]


def test_what_was_deleted_stays_deleted_and_new_ids_stay_new(tmp_path: Path) -> None:
    data, filters = str(tmp_path / "sandbox.json"), f"{CAMPAIGN_V3}/filters"
    new = {"filterName": "New", "filterCriteria": "1 = 1"}
    with program("--data", data) as client:
        made = client.post(filters, new).json["id"]
        client.delete(f"{filters}/904")
        client.put(f"{PROVISIONING}/users/1002/skills", {"version": 1, "userSkills": []})
    with program("--data", data) as client:
        assert client.get(f"{filters}/{made}").json["filterName"] == "New"
        assert client.get(f"{filters}/904").status == 404
        assert client.get(f"{PROVISIONING}/users/1002/skills").json["version"] == 2
        assert client.post(filters, {**new, "filterName": "Newer"}).json["id"] != made


def test_a_data_file_of_an_older_sandbox_is_read(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.json"
    lists = [{"id": 4711, "name": "Hot leads", "layout": [{"name": "@NUMBER", "width": 3}]}]
    rate = {"limit": 1000, "window_s": 1.0}
    data.write_text(json.dumps({"limits": {}, "rateLimit": rate, "collections": {"lists": lists}}))
    with program("--data", str(data)) as client:
        assert insert(client, record("123")).status == 201
        assert client.get(f"{PROVISIONING}/users").json["totalItems"] == 11


def everything(client: Client, dialog: str) -> list[Any]:
    paths = ("settings", "fast-path/4711", f"dialogs/{dialog}", "limits")
    return [client.get(f"/_sandbox/{path}").json for path in paths]


def test_a_change_is_saved_once_and_in_one_step(tmp_path: Path) -> None:
    state, path = State(), tmp_path / "sandbox.json"
    keeper = Keeper(state, path)
    keeper.start()
    first = path.stat().st_ino
    keeper.save()
    assert path.stat().st_ino == first
    state.changes += 1
    keeper.save()
    assert path.stat().st_ino != first
    assert [each.name for each in tmp_path.iterdir()] == ["sandbox.json"]
    assert len(json.loads(path.read_text())["objects"]["campaign.lists"]) == 54


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not a data file of the sandbox"),
        ("[]", "must be an object"),
        (
            '{"limits": {}, "rateLimit": {"limit": 1, "window_s": 1}, "collections": {"settings": [{}]}}',
            "customerId is missing",
        ),
        (
            '{"limits": {}, "rateLimit": {"limit": 1, "window_s": 1}, "collections": {}, "objects": {"x": []}}',
            "objects must be objects by collection and id",
        ),
    ],
)
def test_a_broken_file_is_named_and_left_alone(tmp_path: Path, content: str, words: str) -> None:
    data = tmp_path / "sandbox.json"
    data.write_text(content)
    with start("--data", str(data)) as process:
        told, error = process.communicate(timeout=20)
    assert (process.returncode, told) == (1, "")
    assert words in error
    assert "mend it, or move it away to begin anew" in error
    assert len(error.splitlines()) == 1
    assert data.read_text() == content


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with start("--data", str(tmp_path / "none" / "sandbox.json")) as process:
        _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "No such file or directory: choose a file that can be read and written" in error


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start("--port", str(port)) as process:
            _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert error == (
        f"sandbox: cannot listen on 127.0.0.1:{port} (Address already in use): "
        "stop the program that uses it, or choose another port\n"
    )


def test_a_sandbox_that_has_ended_answers_no_open_connection(clock: Clock) -> None:
    with running(now=clock) as sandbox:
        client = Client(sandbox.url)
        client.sign_in()
    with pytest.raises(ConnectionError):
        client.get(LISTS)
    client.connection.close()
