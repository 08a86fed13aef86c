"""Contracts are data: a collection that is added to a copy of one is at work in all programs, without Python."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.client import Client

ROOMS = "/via/v2/organizations/{orgId}/provisioning/rooms"
ROOM = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "kind": {"type": "string"},
        "id": {"type": "string"},
        "version": {"type": "integer"},
        "name": {"type": "string"},
        "seats": {"type": "integer"},
    },
}
PAGE = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "rooms": {"type": "array", "items": ROOM},
        "totalItems": {"type": "integer"},
    },
}


def told(name: str, does: str, status: int, answer: Any, **more: Any) -> dict[str, Any]:
    """An operation, as a contract describes it."""
    names = {"name": "rooms", "does": does, "kind": "via#room", "items": "rooms", "collectionKind": "via#roomList"}
    by_id = does in ("read", "replace", "update", "delete")
    here = [{"$ref": "#/components/parameters/orgId"}]
    if by_id:
        here.append({"name": "roomId", "in": "path", "required": True, "schema": {"type": "string"}})
    content = {"content": {"application/json": {"schema": answer}}} if answer else {}
    return {
        "operationId": name,
        "summary": f"{does.capitalize()} a meeting room",
        "x-category": "provisioning",
        "x-repeatable": does != "create",
        "x-collection": {**names, "id": "roomId" if by_id else "id"},
        "security": [{"oauth": ["provisioningapi"], "apiKey": []}],
        "parameters": [*here, *more.pop("parameters", [])],
        "responses": {
            str(status): {"description": "It is done.", **content},
            "400": {"$ref": "#/components/responses/BadRequest"},
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "404": {"$ref": "#/components/responses/NotFoundUser"},
            "409": {"$ref": "#/components/responses/ConflictBare"},
        },
        **more,
    }


def query(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "integer"}, **more}


BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": ROOM}}}}
SEATS = query("seats", **{"x-filter": {"property": "seats", "as": "equals"}})
LIST = told(
    "listRooms",
    "list",
    200,
    PAGE,
    parameters=[SEATS, query("startIndex"), query("maxResults")],
    **{"x-names": {"id": "id", "name": "name"}},
)
PATHS = {
    ROOMS: {"get": LIST, "post": told("createRoom", "create", 201, ROOM, **BODY)},
    ROOMS + "/{roomId}": {
        "get": told("getRoom", "read", 200, ROOM),
        "put": told("replaceRoom", "replace", 200, ROOM, **BODY, **{"x-version": "version"}),
        "delete": told("deleteRoom", "delete", 204, None),
    },
}


class Installation:
    """A copy of the package beside which nothing is installed of ours; only a contract differs."""

    def __init__(self, folder: Path) -> None:
        import bridge

        shutil.copytree(Path(bridge.__file__).parent, folder / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
        contract = folder / "bridge" / "alvaria" / "contracts" / "provisioning.json"
        found = json.loads(contract.read_text("utf-8"))
        found["paths"] |= PATHS
        contract.write_text(json.dumps(found), "utf-8")
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ALVARIA_", "BRIDGE_"))}
        self.folder = folder
        self.environ = {**own, "BRIDGE_SANDBOX": "1", "ALVARIA_SCOPES": "provisioningapi"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bridge", *arguments]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 else done.stderr

    def ask(self, operation: str, *params: str, body: Any = None) -> Any:
        """By `bridge api`: its client asks its sandbox."""
        given = [part for param in params for part in ("--param", param)]
        said = self.run(
            "api", f"provisioning.{operation}", *given, *(["--body", json.dumps(body)] if body else []), "--json"
        )
        return json.loads(said) if said.startswith(("{", "[")) else said


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """With its sandbox running."""
    made = Installation(tmp_path_factory.mktemp("installation"))
    sandbox = subprocess.Popen(
        made.command("sandbox", "--port", "0"), cwd=made.folder, env=made.environ, stdout=subprocess.PIPE, text=True
    )
    assert sandbox.stdout
    made.environ["ALVARIA_BASE_URL"] = sandbox.stdout.readline().split()[-1]
    yield made
    sandbox.terminate()
    sandbox.wait()
    sandbox.stdout.close()


def test_operations_that_are_added_are_listed(installation: Installation) -> None:
    listed = installation.run("api", "--search", "meeting room")
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [
        f"provisioning.{told['operationId']}" for item in PATHS.values() for told in item.values()
    ]


def test_operations_that_are_added_can_be_called(installation: Installation) -> None:
    made = installation.ask("createRoom", body={"name": "Attic", "seats": 40})
    assert {**made, "id": ""} == {"kind": "via#room", "id": "", "version": 1, "name": "Attic", "seats": 40}
    assert [one["name"] for one in installation.ask("listRooms", "seats=40")["rooms"]] == ["Attic"]
    assert "body.seats: must be a whole number" in installation.ask("createRoom", body={"name": "No", "seats": "two"})


def test_a_collection_that_is_added_is_served(installation: Installation) -> None:
    client = Client(installation.environ["ALVARIA_BASE_URL"])
    client.sign_in()
    rooms = ROOMS.replace("{orgId}", "acme")
    blue = f"{rooms}/{client.post(rooms, {'name': 'Blue', 'seats': 4}).json['id']}"
    green = {"name": "Green", "seats": 6, "version": 1}
    assert client.put(blue, green).json["version"] == 2
    assert client.put(blue, green).status == 409
    assert client.post(rooms, {"name": "Red", "seats": 2}).status == 201
    assert [one["name"] for one in client.get(f"{rooms}?seats=6").json["rooms"]] == ["Green"]
    assert client.post(rooms, {"seats": 2}).status == 400
    assert client.delete(blue).status == 204
    assert client.get(blue).status == 404
    client.connection.close()
