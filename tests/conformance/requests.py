"""For each operation one request that is as it should be; the cases begin with it and change what matters."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from tests.conformance.documented import OPERATIONS, Operation
from tests.sandbox.client import Client, Got

Scene = Callable[[Client], object]
"""What is so before the request is sent."""


def as_it_is(client: Client) -> None:
    """A fresh sandbox."""


@dataclass(frozen=True, kw_only=True)
class Request:
    operation: Operation
    ids: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """JSON's values, or bytes as they are."""
    method: str = ""
    """Another than the operation's."""
    scene: Scene = as_it_is

    @property
    def target(self) -> str:
        path = self.operation.path
        for name, value in self.ids.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def by(self, **changes: Any) -> "Request":
        """With other members of ids, query, headers or body; None takes one away."""
        return replace(self, **{name: _merged(getattr(self, name), change) for name, change in changes.items()})


def _merged(old: Any, change: Any) -> Any:
    if not isinstance(old, Mapping) or not isinstance(change, Mapping):
        return change
    return {name: value for name, value in {**old, **change}.items() if value is not None}


def send(client: Client, request: Request) -> Got:
    kinds = {"Content-Type": "application/json"} if request.body is not None else {}
    raw = request.body is None or isinstance(request.body, bytes)
    body = request.body if raw else json.dumps(request.body).encode()
    headers = {**client.credentials, **kinds, **request.headers}
    client.connection.request(request.method or request.operation.method, request.target, body, headers)
    response = client.connection.getresponse()
    return Got(status=response.status, headers=response.headers, content=response.read())


def usual(operation: Operation) -> Request:
    """One that is done."""
    id_ = operation.id
    return Request(
        operation=operation,
        ids={**IDS, **OTHER_IDS.get(id_, {})},
        query=QUERIES.get(id_, {}),
        headers=HEADERS.get(id_, {}),
        body=filled(operation.body) | BODIES.get(id_, {}) if id_ in FILLED else BODIES.get(id_),
        scene=SCENES.get(id_, as_it_is),
    )


def filled(schema: Any) -> Any:
    """Every member with the plainest value."""
    if members := schema.get("properties"):
        return {name: filled(member) for name, member in members.items()}
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "x", "integer": 1, "boolean": True}[schema["type"]]


def seeded(collection: str, *objects: dict[str, Any]) -> Scene:
    """With some objects more."""
    return lambda client: client.post("/_sandbox/seed", {collection: objects})


def a_job(status: str, **members: Any) -> Scene:
    return seeded("campaign.jobs", {"id": "j-1", "jobStatus": status, "jobType": "Import", "fileName": "in", **members})


def exclusion(**members: Any) -> dict[str, Any]:
    kept = {"contactType": 1, "contactAddress": "6175550123", "contactListName": "", "reason": "asked us to stop"}
    return {**kept, "startTime": "2030-01-01T00:00:00.000Z", "endPattern": 0, "endTime": 0, **members}


def named(text: str) -> list[dict[str, str]]:
    return [{"locale": "en-US", "value": text}]


A_DIALOG = seeded("dialogs", {"sessionId": "d-1", "context": "{}"})
IN_CONFLICT = [{"group": "Filters", "name": "Overdue"}]
A_SETTING = seeded(
    "settings", {"customerId": "7", "key": "tier", "content": "gold", "expiresOnTime": "2031-01-01T00:00:00.000Z"}
)
OF_A_FILTER = {"filterDescription": "Who may buy", "schemaId": "501"}
OBJECTS = [{"objectType": "FILTERS", "objectNames": ["Overdue"]}]

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
    "exclusionId": "802",
    "listId": "4711",
    "strategyId": "304",
    "automationScriptId": "701",
    "filterId": "904",
    "jobId": "j-1",
}
OTHER_IDS = {
    "campaign.updateListFilter": {"listId": "4714"},
    "campaign.stopAutomationScript": {"automationScriptId": "702"},
    "provisioning.getOutreachSmsWorkType": {"workTypeId": "5H9GYF.19"},
    "provisioning.getOutreachEmailWorkType": {"workTypeId": "5H9GYF.20"},
    "provisioning.listUserCallbackWorkTypes": {"userId": "1004"},
    "provisioning.listTeamsManagedByUser": {"userId": "1006"},
    "provisioning.listWorkTypeEmailTemplates": {"workTypeId": "5H9GYF.14"},
    "provisioning.replaceWorkTypeEmailTemplates": {"workTypeId": "5H9GYF.14"},
    "provisioning.addWorkTypeEmailTemplate": {"workTypeId": "5H9GYF.14", "emailTemplateId": "84"},
    "provisioning.removeWorkTypeEmailTemplate": {"workTypeId": "5H9GYF.14"},
}
QUERIES = {
    "campaign.listImportableItems": {"fileName": "all.zip"},
    "campaign.getExclusionStatus": {"contactList": "ALL", "phoneNumber": "6175550111"},
    "campaign.getTimeZoneV2": {"postalCode": "90210"},
    "disposableApp.getContext": {"sessionId": "d-1"},
    "disposableApp.postOutcome": {"sessionId": "d-1"},
}
HEADERS = {"campaign.insertFastPathRecords": {"via-client-sessionid": "s-1"}}
FILLED = ("provisioning.replaceUserWorkHandlerRules", "provisioning.replaceWorkTypeWorkHandlerRules")
"""Long bodies of which any value will do."""
BODIES: dict[str, Any] = {
    "campaign.createExclusion": {"accountControlItems": [exclusion()]},
    "campaign.replaceExclusion": {**exclusion(contactAddress="A-901", contactType=0), "version": 1},
    "campaign.reportCallAttempt": {"events": [{"phoneDialed": "6175550111", "responseStatus": "BZ"}]},
    "campaign.insertFastPathRecords": {
        "fastPathRecords": [
            {"fastPathRecord": f"{'A-100':12}{'6175550123':10}{'Ada':20}", "customFieldsStringCollection": [{}]}
        ]
    },
    "campaign.updateListFilter": {"version": 1, "filterName": "Mobile only"},
    "campaign.updateStrategyRecords": {
        "records": [
            {"lookupKey": "@ACCOUNT", "lookupValue": "100001", "fields": [{"fieldKey": "@NUMBER", "fieldValue": "1"}]}
        ]
    },
    "campaign.insertStrategyRecord": {"records": [{"items": [{"field": "@ACCOUNT", "value": "100545"}]}]},
    "campaign.createFilter": {"filterName": "Grown-ups", "filterCriteria": "AGE > 17", **OF_A_FILTER},
    "campaign.replaceFilter": {"version": 1, "filterName": "Everybody", "filterCriteria": "1 = 1", **OF_A_FILTER},
    "campaign.upsertCallback": {
        "workTypeId": "18",
        "phoneNumber": "6175550123",
        "callbackDateTime": "2030-01-02T17:04:00.000Z",
        "callbackType": "SameAgent",
        "userId": "1004",
        "memo": "Ask for Ada",
        "olsonTimeZone": "America/New_York",
        "accountNumber": "A-100",
        "secondaryServiceNumber": "7",
        "customer": "7",
        "userDefinedData": ["one", "two"],
        "numberType": 1,
    },
    "campaign.exportObjects": {"fileName": "a", "zipComment": "b", "objectsToExport": OBJECTS},
    "campaign.importObjects": {"fileName": "a", "objectsToImport": OBJECTS},
    "campaign.resolveJobConflicts": {
        "configObjectName": "Filters",
        "configRenameAll": False,
        "configIgnoreAll": True,
        "configSalt": "",
        "configAppend": True,
        "conflictChanges": [],
    },
    "contextCookies.upsertSettings": {
        "settings": [{"customerId": "7", "key": "tier", "content": "gold", "channel": "voice"}]
    },
    "disposableApp.postOutcome": {"kind": "cxp#disposableAppOutcome", "variables": [{"id": "choice", "value": "yes"}]},
    "provisioning.replaceUserHiddenWorkTypes": {"workTypes": [{"id": "5H9GYF.13"}]},
    "provisioning.createSystemExternal": {"friendlyName": named("Branch"), "systemExternal": "+16175550100"},
    "provisioning.replaceSystemExternal": {"version": 3, "friendlyName": named("Shop"), "systemExternal": "1"},
    "provisioning.updateSystemExternal": {"version": 3, "systemExternal": "+16175550101"},
    "provisioning.replaceWorkTypeWorkHandlers": {"version": 1, "workHandlers": [{"id": "1003"}, {"id": "1001"}]},
    "provisioning.replaceWorkTypeEmailTemplates": {"version": 1, "emailTemplates": [{"id": "85"}, {"id": "81"}]},
    "provisioning.createEmailTemplate": {
        "subject": "Hello",
        "body": "<p>Hello</p>",
        "templateType": "standardResponse",
        "signatureId": "7",
        "friendlyName": named("Greeting"),
    },
    "provisioning.updateEmailTemplate": {"version": 1, "subject": "Hello again"},
    "provisioning.createSignature": {"contents": "<p>Yours</p>", "friendlyName": named("Short")},
    "provisioning.updateSignature": {"version": 2, "contents": "<p>Ours</p>"},
    "provisioning.replaceUserSkills": {"version": 1, "userSkills": [{"id": "20", "levelId": "202"}]},
}
SCENES = {
    "campaign.getStrategyStatuses": seeded(
        "campaign.strategies/304/updates",
        {
            "id": 1,
            "begunTime": "2029-12-31T00:00:00.000Z",
            "done": False,
            "records": BODIES["campaign.updateStrategyRecords"]["records"],
        },
    ),
    "campaign.getJob": a_job("Running"),
    "campaign.listJobs": a_job("Running"),
    "campaign.pauseJob": a_job("Running"),
    "campaign.resumeJob": a_job("Paused"),
    "campaign.abortJob": a_job("Paused"),
    "campaign.resolveJobConflicts": a_job("Pending", conflictInfo=IN_CONFLICT),
    "contextCookies.listSettings": A_SETTING,
    "contextCookies.listCustomers": A_SETTING,
    "contextCookies.listServices": A_SETTING,
    "contextCookies.listChannels": A_SETTING,
    "disposableApp.getContext": A_DIALOG,
    "disposableApp.postOutcome": A_DIALOG,
}
USUAL = {id_: usual(operation) for id_, operation in OPERATIONS.items()}
