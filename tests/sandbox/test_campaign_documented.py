"""Every operation of Campaign, asked once where it does its work: status and body are as the contract has them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bridge.sandbox.engine import contracts
from bridge.sandbox.serve import Sandbox, running
from tests.sandbox.campaign import V2, V3, put
from tests.sandbox.client import NOON, Client, Clock
from tests.sandbox.test_campaign_callbacks import callback
from tests.sandbox.test_campaign_exclusions import exclusion
from tests.sandbox.test_campaign_jobs import resolution

[CAMPAIGN] = [contract for contract in contracts.read() if contract.api == "campaign"]
TOLD = {operation.name: operation for operation in CAMPAIGN.operations}
CRITERIA = {"filterName": "New", "filterCriteria": "AGE > 3"}
UPDATE = {"lookupKey": "@ACCOUNT", "lookupValue": "100001", "fields": [{"fieldKey": "@NUMBER", "fieldValue": "1"}]}
MOVED = [{"objectType": "FILTERS", "objectNames": ["Overdue"]}]
FAST = {"fastPathRecord": "A-100       6175550123Ada Lovelace        ", "customFieldsStringCollection": [{}]}


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    method: str
    path: str
    body: Any = None
    status: int = 200


def step(name: str, method: str, path: str, body: Any = None, status: int = 200) -> Step:
    return Step(name=name, method=method, path=path, body=body, status=status)


STEPS = [
    step("listExclusions", "GET", f"{V2}/exclusions"),
    step("createExclusion", "POST", f"{V2}/exclusions", {"accountControlItems": [exclusion()]}, 201),
    step("getExclusion", "GET", f"{V2}/exclusions/802"),
    step("replaceExclusion", "PUT", f"{V2}/exclusions/802", {**exclusion(contactAddress="1"), "version": 1}),
    step("deleteExclusion", "DELETE", f"{V2}/exclusions/802", status=204),
    step("getExclusionStatus", "GET", f"{V2}/exclusionStatuses?contactList=ALL&phoneNumber=6175550111"),
    step("reportCallAttempt", "POST", f"{V2}/callAttempts", {"events": [{"phoneDialed": "6175550111"}]}, 202),
    step("insertFastPathRecords", "POST", f"{V2}/lists/4711/fastPathRecords", {"fastPathRecords": [FAST]}, 201),
    step("updateListFilter", "PATCH", f"{V2}/lists/4714", {"version": 1, "filterName": "Overdue"}),
    step("getList", "GET", f"{V2}/lists/4711"),
    step("listLists", "GET", f"{V2}/lists"),
    step("getStrategyStatuses", "GET", f"{V2}/strategies/304/statuses"),
    step("updateStrategyRecords", "PATCH", f"{V2}/strategies/304/records", {"records": [UPDATE]}, 202),
    step(
        "insertStrategyRecord",
        "POST",
        f"{V2}/strategies/304/records",
        {"records": [{"items": [{"field": "@ACCOUNT", "value": "100545"}]}]},
        201,
    ),
    step("listStrategies", "GET", f"{V2}/strategies"),
    step("getStrategy", "GET", f"{V2}/strategies/304"),
    step("getTimeZoneV2", "GET", f"{V2}/timeZones?postalCode=90210"),
    step("listTimeZonesV3", "GET", f"{V3}/timeZones"),
    step("listAutomationScripts", "GET", f"{V2}/automationScripts"),
    step("getAutomationScript", "GET", f"{V2}/automationScripts/701"),
    step("startAutomationScript", "POST", f"{V2}/automationScripts/701/start", status=202),
    step("stopAutomationScript", "POST", f"{V2}/automationScripts/701/stop", status=202),
    step("stopAutomationScript", "POST", f"{V2}/automationScripts/701/stop"),
    step("listPurposes", "GET", f"{V2}/purposes"),
    step("listGeocodeTemplates", "GET", f"{V2}/geocodeTemplates"),
    step("listDispositions", "GET", f"{V2}/dispositions"),
    step("listNumberTypes", "GET", f"{V2}/numberTypes"),
    step("listFilters", "GET", f"{V3}/filters"),
    step("createFilter", "POST", f"{V3}/filters", CRITERIA, 201),
    step("getFilter", "GET", f"{V3}/filters/901"),
    step("replaceFilter", "PUT", f"{V3}/filters/901", {**CRITERIA, "filterName": "Newer", "version": 1}),
    step("deleteFilter", "DELETE", f"{V3}/filters/901", status=204),
    step("listSchemaDefinitions", "GET", f"{V3}/schemaDefinitions"),
    step("upsertCallback", "POST", f"{V3}/callbacks", callback(), 201),
    step("upsertCallback", "POST", f"{V3}/callbacks", callback(memo="again")),
    step("listExportableItems", "GET", f"{V3}/jobs/exportableItems"),
    step("listImportableItems", "GET", f"{V3}/jobs/importableItems?fileName=example.zip"),
    step(
        "exportObjects",
        "POST",
        f"{V3}/jobs/export",
        {"fileName": "a", "zipComment": "b", "objectsToExport": MOVED},
        202,
    ),
    step("importObjects", "POST", f"{V3}/jobs/import", {"fileName": "a", "objectsToImport": MOVED}, 202),
    step("resolveJobConflicts", "POST", f"{V3}/jobs/j-3/conflict", resolution(configIgnoreAll=True), 202),
    step("pauseJob", "POST", f"{V3}/jobs/j-1/pause", status=202),
    step("resumeJob", "POST", f"{V3}/jobs/j-1/resume", status=202),
    step("abortJob", "POST", f"{V3}/jobs/j-2/abort", status=202),
    step("listJobs", "GET", f"{V3}/jobs"),
    step("getJob", "GET", f"{V3}/jobs/j-1"),
]


@pytest.fixture
def jobs(client: Client, sandbox: Sandbox) -> None:
    base = {"jobType": "Import", "fileName": "in.zip"}
    conflicts = [{"group": "Filters", "name": "Overdue"}]
    put(
        sandbox,
        "jobs",
        {"id": "j-1", "jobStatus": "Running", **base},
        {"id": "j-2", "jobStatus": "Paused", **base},
        {"id": "j-3", "jobStatus": "Pending", "conflictInfo": conflicts, **base},
    )


@pytest.mark.usefixtures("jobs")
def test_every_operation_answers_as_its_contract_says(client: Client) -> None:
    wrong = [f"{step.name}: {found}" for step in STEPS for found in differences(client, step)]
    assert wrong == []
    assert {step.name for step in STEPS} == set(TOLD), "an operation is missing here"


def differences(client: Client, step: Step) -> list[str]:
    got = client.ask(step.method, step.path, step.body)
    if got.status != step.status:
        return [f"{got.status} and not {step.status}: {got.text}"]
    schema = TOLD[step.name].answers[step.status]
    if schema is None:
        return [f"a body where none is documented: {got.text}"] if got.content else []
    strict = Draft202012Validator(closed(schema))
    return [f"{error.json_path}: {error.message}" for error in strict.iter_errors(got.json)]


def closed(schema: Any) -> Any:
    """The schema as one that knows no other members than it tells."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in schema else inner


@pytest.mark.parametrize(
    ("act", "path"),
    [
        (lambda client: client.post(f"{V3}/callbacks", callback()), "callbacks"),
        (lambda client: client.ask("PATCH", f"{V2}/strategies/304/records", {"records": [UPDATE]}), "strategies"),
        (lambda client: client.post(f"{V2}/callAttempts", {"events": [{"phoneDialed": "1"}]}), "callAttempts"),
    ],
    ids=["callback", "strategy", "attempt"],
)
def test_what_was_done_outlives_a_restart(tmp_path: Any, act: Callable[[Client], Any], path: str) -> None:
    file, clock = tmp_path / "data.json", Clock()
    with running(data=str(file), now=clock) as sandbox:
        client = Client(sandbox.url)
        client.sign_in()
        assert act(client).status in (201, 202)
        client.connection.close()
    kept = json.loads(file.read_text())["objects"]
    assert kept[f"campaign.{path}"]
    clock.moment = NOON
    clock.advance(5)
    with running(data=str(file), now=clock) as sandbox:
        assert sandbox.state.objects == kept
        client = Client(sandbox.url)
        client.sign_in()
        assert client.get(f"{V2}/strategies/304/statuses").json["status"] == (67 if path == "strategies" else 13)
        client.connection.close()


def test_a_seed_brings_what_no_operation_lists(client: Client) -> None:
    hours = {"id": "1", "from": "08:00", "to": "21:00"}
    records = [{"id": 9, "fields": {"@ACCOUNT": "9"}}]
    got = client.post("/_sandbox/seed", {"campaign.callingTimes": [hours], "campaign.strategies/304/records": records})
    assert got.json == {"campaign.callingTimes": 1, "campaign.strategies/304/records": 1}
    status = client.get(f"{V2}/exclusionStatuses?contactList=ALL&phoneNumber=6175550123").json
    assert status["accountControlQueryItems"][0]["exclusionType"] == 8


@pytest.mark.parametrize(
    ("asked", "contact_type"),
    [
        ("phoneNumber=6175550111", 1),
        ("accountNumber=A-900", 0),
        ("email=no.mail@example.com", 2),
        ("sms=6175550177", 3),
    ],
)
def test_the_first_exclusions_hold(client: Client, asked: str, contact_type: int) -> None:
    got = client.get(f"{V2}/exclusionStatuses?contactList=Overdue%20invoices&{asked}").json
    [item] = got["accountControlQueryItems"]
    assert (item["result"], item["exclusionType"]) == (0, contact_type)
