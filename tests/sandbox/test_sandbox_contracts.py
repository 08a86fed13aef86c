"""The contracts, served: every operation is routed, and every answer is what its contract says."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from bridge.sandbox.engine import contracts, plain
from bridge.sandbox.engine.contracts import FOLDER, Described
from bridge.sandbox.front import front
from bridge.sandbox.messages import Ask
from bridge.sandbox.operations import ACTIONS, OPERATION_IDS, SPECIAL
from bridge.sandbox.state import State
from tests.sandbox.client import CAMPAIGN_V3, LISTS, PROVISIONING, Client

OPERATIONS = {operation.id: operation for contract in contracts.read() for operation in contract.operations}
IDS = {
    "orgId": "acme",
    "userId": "1002",
    "teamId": "team1",
    "workTypeId": "5H9GYF.11",
    "systemExternalId": "62",
    "emailTemplateId": "81",
    "dispPlanId": "1",
    "workTypeGroupId": "21",
    "signatureId": "9",
    "dispositionId": "8.8",
    "contactDataDefId": "71",
    "contactDataDefReservedWordId": "40",
    "skillId": "18",
    "exclusionId": "801",
    "listId": "4711",
    "strategyId": "301",
    "automationScriptId": "701",
    "filterId": "901",
}
OTHER_IDS = {
    "provisioning.getOutreachSmsWorkType": {"workTypeId": "5H9GYF.19"},
    "provisioning.getOutreachEmailWorkType": {"workTypeId": "5H9GYF.20"},
    "provisioning.listUserCallbackWorkTypes": {"userId": "1004"},
    "provisioning.listTeamsManagedByUser": {"userId": "1006"},
    "provisioning.listWorkTypeEmailTemplates": {"workTypeId": "5H9GYF.14"},
}
QUERIES = {"campaign.listImportableItems": "?fileName=all.zip"}
PLAIN_READS = [
    id_
    for id_, operation in OPERATIONS.items()
    if operation.method == "GET" and operation.api in ("campaign", "provisioning")
    if operation.collection.get("does") in ("list", "read") and "jobId" not in operation.path
]


def path_of(operation: Described, **ids: str) -> str:
    path = operation.path
    for name, value in {**IDS, **OTHER_IDS.get(operation.id, {}), **ids}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def is_done(operation: Described) -> bool:
    """Whether anything is written for it, or it is plain."""
    does = plain.work_of(operation.collection.get("does", ""), operation.replaces)
    return operation.id in {*SPECIAL, *ACTIONS} or does is not plain.not_done


def told(operation: Described, status: int, body: Any) -> list[str]:
    """What the contract has against an answer."""
    assert status in operation.answers, f"{status} is not documented"
    return [error.message for error in Draft4Validator(operation.answers[status]).iter_errors(body)]


def sample(schema: Any) -> Any:
    """The plainest value of a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [sample(schema["items"])]
    if schema.get("type") in SAMPLES:
        return "2030-01-31T12:00:00.000Z" if schema.get("format") == "date-time" else SAMPLES[schema["type"]]
    if "oneOf" in schema:
        return sample(schema["oneOf"][0])
    return {name: sample(inner) for name, inner in schema.get("properties", {}).items()}


SAMPLES: dict[str, Any] = {"string": "x", "integer": 1, "number": 1.5, "boolean": True}


def test_there_are_a_hundred_and_eleven_operations_and_each_is_routed() -> None:
    assert len(OPERATIONS) == 111
    assert set(OPERATION_IDS) == {"token", *OPERATIONS}


@pytest.mark.parametrize("id_", OPERATIONS)
def test_every_operation_has_its_work(id_: str) -> None:
    assert is_done(OPERATIONS[id_])


def test_what_is_written_for_an_operation_is_written_for_one_that_there_is() -> None:
    assert {*SPECIAL, *ACTIONS} <= set(OPERATIONS)


@pytest.mark.parametrize("id_", PLAIN_READS)
def test_what_a_fresh_sandbox_holds_is_shown_as_the_contract_says(client: Client, id_: str) -> None:
    operation = OPERATIONS[id_]
    got = client.get(path_of(operation) + QUERIES.get(id_, ""))
    assert told(operation, got.status, got.json) == []
    assert got.status == 200
    if operation.collection["does"] == "list" and id_ != "campaign.listJobs":
        assert got.json[operation.collection["items"]] != []


@pytest.mark.parametrize(
    ("id_", "collection", "parameter"),
    [
        (operation.id, f"{operation.api}.{operation.collection['name']}", operation.collection["id"])
        for operation in OPERATIONS.values()
        if operation.collection.get("does") == "read" and "under" not in operation.collection
        if "outreach" not in operation.path
    ],
)
def test_every_seeded_object_can_be_read_as_the_contract_says(
    client: Client, id_: str, collection: str, parameter: str
) -> None:
    operation = OPERATIONS[id_]
    for each in State().objects[collection]:
        got = client.get(path_of(operation, **{parameter: each}))
        assert (got.status, told(operation, got.status, got.json)) == (200, [])


@pytest.mark.parametrize("id_", [id_ for id_, operation in OPERATIONS.items() if operation.body and id_ not in SPECIAL])
def test_a_body_of_another_type_is_refused_in_the_contracts_shape(client: Client, id_: str) -> None:
    operation = OPERATIONS[id_]
    got = client.ask(operation.method, path_of(operation, jobId="1"), [])
    assert got.status == 400
    if 400 in operation.answers:
        assert told(operation, 400, got.json) == []


@pytest.mark.parametrize(
    "id_",
    [
        id_
        for id_, operation in OPERATIONS.items()
        if is_done(operation)
        and id_ not in SPECIAL
        and any(p.place == "path" and p.name != "orgId" for p in operation.parameters)
    ],
)
def test_an_id_that_nothing_has_is_refused_as_documented(client: Client, id_: str) -> None:
    operation = OPERATIONS[id_]
    body = sample(operation.body) if operation.body else None
    unknown = {name: "99999" for name in [*IDS, "jobId"] if name != "orgId"}
    got = client.ask(operation.method, path_of(operation, **unknown), body)
    errors = operation.errors
    assert got.status == (404 if 404 in errors else 400)
    if got.status in operation.answers and operation.answers[got.status] is None:
        assert got.content == b""
    elif got.status in operation.answers:
        assert told(operation, got.status, got.json) == []


@pytest.mark.parametrize(
    ("path", "method", "allow", "shape"),
    [
        (f"{PROVISIONING}/users", "POST", "GET", {"error"}),
        (f"{PROVISIONING}/signatures", "PUT", "GET, POST", {"code", "message", "errors"}),
        (f"{PROVISIONING}/signatures/7", "PUT", "DELETE, GET, PATCH", {"code", "message", "errors"}),
        (f"{PROVISIONING}/systemExternals/62", "POST", "DELETE, GET, PATCH, PUT", {"error"}),
        (f"{LISTS}/4711", "POST", "GET, PATCH", {"error"}),
        (f"{LISTS}/4711", "QUERY", "GET, PATCH", {"error"}),
        (f"{CAMPAIGN_V3}/jobs/export", "GET", "POST", {"error"}),
        (f"{CAMPAIGN_V3}/jobs/exportableItems", "POST", "GET", {"error"}),
    ],
)
def test_another_method_is_refused_in_the_paths_own_shape(
    client: Client, path: str, method: str, allow: str, shape: set[str]
) -> None:
    got = client.ask(method, path)
    assert (got.status, got.headers["Allow"], set(got.json)) == (405, allow, shape)


def test_a_stale_version_of_handler_rules_is_bare_and_their_other_errors_are_wrapped(client: Client) -> None:
    path = f"{PROVISIONING}/users/1002/workHandlerRules"
    rules = client.get(path).json
    body = {name: rules[name] for name in OPERATIONS["provisioning.replaceUserWorkHandlerRules"].body["properties"]}
    assert set(client.put(path, {**body, "version": 99}).json) == {"code", "message", "errors"}
    assert set(client.put(path, {**body, "wrapType": "maybe"}).json) == {"error"}


def test_every_mistake_of_query_and_groups_is_in_one_answer(client: Client) -> None:
    path = "/via/v2/organizations/acme/campaign/exclusions"
    got = client.get(
        f"{path}?contactType=9&fromEndTime=soon&maxResults=0&startIndex=x&fromStartTime=2030-01-01T00:00:00Z"
    )
    assert [error["message"] for error in got.json["error"]["errors"]] == [
        "contactType must be one of: 0, 1, 2, 3, 4",
        "fromEndTime must be ISO 8601 in UTC, such as 2030-01-31T12:00:00.000Z",
        "maxResults must be a whole number of at least 1",
        "startIndex must be a whole number",
        "fromStartTime and toStartTime go together: toStartTime is missing",
        "fromEndTime and toEndTime go together: toEndTime is missing",
    ]


def test_every_mistake_of_a_body_is_named_with_its_place(client: Client) -> None:
    body = {"friendlyName": [{"locale": "en-US"}, 5], "active": "yes"}
    got = client.post(f"{PROVISIONING}/systemExternals", body)
    assert sorted(error["message"] for error in got.json["error"]["errors"]) == [
        "active must be true or false",
        "friendlyName[0]: value is missing",
        "friendlyName[1] must be an object",
        "systemExternal is missing",
    ]


def test_of_several_forms_each_says_what_it_lacks(client: Client) -> None:
    body = {
        "workTypeId": "18",
        "phoneNumber": "6175550123",
        "callbackDateTime": "2030-01-31T12:00:00Z",
        "callbackType": "SameAgent",
    }
    got = client.post("/via/v3/organizations/acme/campaign/callbacks", body)
    [error] = got.json["error"]["errors"]
    assert error["message"] == "either callbackType must be one of: ServiceLevel, or userId is missing"


@pytest.mark.parametrize("value", ["", "voice,", "voice,fax"])
def test_each_value_of_a_list_is_held_against_its_enumeration(client: Client, value: str) -> None:
    got = client.get(f"{PROVISIONING}/dispositionRoutingPlans?channelType={value}")
    assert (got.status, got.json["errors"][0]["message"]) == (
        400,
        "channelType must be one of: voice, email, chat, sms, screen",
    )


def test_an_unknown_query_parameter_changes_nothing(client: Client) -> None:
    assert client.get(f"{PROVISIONING}/skills?nothing=1").status == 200


@pytest.mark.parametrize("scope", ["provisioningapi", "ConfigurationService"])
def test_either_scope_opens_provisioning(client: Client, scope: str) -> None:
    client.sign_in(scope)
    assert [client.get(path).status for path in (f"{PROVISIONING}/users", LISTS)] == [200, 401]
    assert client.get(LISTS).content == b""


@dataclass
class Office:
    """A sandbox that serves contracts of its own."""

    serve: Any
    state: State

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {next(iter(self.state.tokens))}", "x-api-key": "sandbox-key"}
        content = b"" if body is None else json.dumps(body).encode()
        ask = Ask(method=method, path=path, headers={**headers, "content-type": "application/json"}, body=content)
        sent = self.serve(self.state, ask)
        return sent.status, json.loads(sent.content or b"null")


@pytest.fixture
def office(tmp_path: Path, client: Client, sandbox: Any) -> Office:
    """Its contract of Provisioning has one more collection: rooms."""
    folder = tmp_path / "contracts"
    shutil.copytree(FOLDER, folder)
    text = json.loads((folder / "provisioning.json").read_text())
    base = "/via/v2/organizations/{orgId}/provisioning/rooms"
    text["paths"] |= {
        base: {"get": room("listRooms", "list", 200), "post": room("createRoom", "create", 201)},
        base + "/{roomId}": {
            "get": room("getRoom", "read", 200),
            "put": room("replaceRoom", "replace", 200),
            "patch": room("updateRoom", "update", 200),
            "delete": room("deleteRoom", "delete", 204),
        },
    }
    (folder / "provisioning.json").write_text(json.dumps(text))
    state = State()
    state.tokens = dict(sandbox.state.tokens)
    return Office(serve=front(folder).answer, state=state)


def room(name: str, does: str, success: int) -> dict[str, Any]:
    """An operation of the collection, as a contract describes it."""
    one = {
        "type": "object",
        "properties": {
            "kind": {"type": "string"},
            "id": {"type": "integer"},
            "version": {"type": "integer"},
            "name": {"type": "string"},
            "seats": {"type": "integer"},
        },
    }
    many = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "rooms": {"type": "array", "items": one}, "totalItems": {}},
    }
    schema = {"list": many, "delete": None}.get(does, one)
    answer = {"content": {"application/json": {"schema": schema}}} if schema else {}
    failed = {"$ref": "#/components/responses/NotFound"}
    parameters = [{"name": "orgId", "in": "path", "required": True, "schema": {"type": "string"}}]
    if does == "list":
        seats = {"name": "seats", "in": "query", "required": False, "schema": {"type": "integer"}}
        parameters.append({**seats, "x-filter": {"property": "seats", "as": "equals"}})
    elif does != "create":
        parameters.append({"name": "roomId", "in": "path", "required": True, "schema": {"type": "integer"}})
    told = {
        "operationId": name,
        "x-category": "provisioning",
        "security": [{"oauth": ["provisioningapi"]}],
        "parameters": parameters,
        "responses": {str(success): answer, "404": failed, "409": {"$ref": "#/components/responses/Conflict"}},
        "x-collection": {
            "name": "rooms",
            "does": does,
            "id": "id" if does in ("list", "create") else "roomId",
            "kind": "via#room",
            "items": "rooms",
            "collectionKind": "via#roomList",
        },
    }
    if does in ("create", "replace", "update"):
        told["requestBody"] = {"content": {"application/json": {"schema": one}}}
        told["x-version"] = "version"
    return told


def test_a_plain_collection_that_is_added_to_a_contract_is_served(office: Office) -> None:
    rooms = "/via/v2/organizations/acme/provisioning/rooms"
    status, made = office.ask("POST", rooms, {"name": "Blue", "seats": 4})
    assert (status, made["kind"], made["version"], made["name"]) == (201, "via#room", 1, "Blue")
    assert isinstance(made["id"], int)
    one = f"{rooms}/{made['id']}"
    assert office.ask("PATCH", one, {"seats": 6, "version": 1})[1] == {**made, "seats": 6, "version": 2}
    assert office.ask("PATCH", one, {"seats": 8, "version": 1})[0] == 409
    assert office.ask("PUT", one, {"id": 1, "name": "Red", "version": 2})[1] == {
        "kind": "via#room",
        "id": made["id"],
        "version": 3,
        "name": "Red",
    }
    office.ask("POST", rooms, {"name": "Green", "seats": 2})
    status, listed = office.ask("GET", rooms)
    assert (listed["kind"], [each["name"] for each in listed["rooms"]], listed["totalItems"]) == (
        "via#roomList",
        ["Red", "Green"],
        2,
    )
    assert office.ask("DELETE", one) == (204, None)
    assert office.ask("GET", one)[0] == 404


def test_the_merged_contract_has_everything_under_names_of_its_own(client: Client) -> None:
    merged = client.get("/_sandbox/openapi.json").json
    operations = [told for item in merged["paths"].values() for told in item.values()]
    assert {told["operationId"] for told in operations} == set(OPERATIONS)
    for reference in references(merged):
        at = merged
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for each in node.values() for found in references(each)]
