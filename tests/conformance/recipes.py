"""What no contract says by itself: every success, and the refusals that hang on what the sandbox holds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.conformance.cases import Case
from tests.conformance.documented import OPERATIONS
from tests.conformance.requests import IN_CONFLICT, USUAL, a_job, exclusion, named

CHANGES_ITS_STATE = ("campaign.startAutomationScript", "campaign.stopAutomationScript")
"""202 for a change, 200 where it is so already."""
OTHER_SUCCESS = {"campaign.upsertCallback": 201, **dict.fromkeys(CHANGES_ITS_STATE, 202)}
"""Where the usual request brings about another success than the first that is documented."""


def recipe(status: int, id_: str, what: str, *, times: int = 1, scene: Any = None, **changes: Any) -> Case:
    """The usual request of an operation, with changes of its ids, query or body."""
    request = USUAL[id_].by(**changes)
    return Case(status=status, what=what, request=replace(request, scene=scene or request.scene), times=times)


def successes() -> Iterator[Case]:
    for id_, operation in OPERATIONS.items():
        yield recipe(OTHER_SUCCESS.get(id_, operation.statuses[0]), id_, "as it should be")


def with_item(id_: str, members: str, **changes: Any) -> Mapping[str, Any]:
    """The body whose first item has other members."""
    body = USUAL[id_].body
    return {**body, members: [{**body[members][0], **changes}]}


RECIPES = [
    *successes(),
    recipe(200, "campaign.upsertCallback", "the same number and work type again", times=2),
    recipe(200, "campaign.startAutomationScript", "it runs already", times=2),
    recipe(200, "campaign.stopAutomationScript", "it stands still already", times=2),
    recipe(200, "campaign.getTimeZoneV2", "of a phone number", query={"postalCode": None, "phoneNumber": "6175550123"}),
    recipe(200, "campaign.getTimeZoneV2", "of a place", query={"countryCode": "US"}),
    recipe(200, "campaign.listTimeZonesV3", "of a place", query={"postalCode": "90210", "countryCode": "US"}),
    recipe(200, "campaign.listTimeZonesV3", "of a phone number", query={"phoneNumber": "6175550123"}),
    recipe(
        200,
        "campaign.getExclusionStatus",
        "of all addresses",
        query={"accountNumber": "A-900", "email": "ada@example.com", "sms": "6175550177", "ssn": "7"},
    ),
    recipe(400, "campaign.createExclusion", "two at once", body={"accountControlItems": [exclusion()] * 2}),
    recipe(
        400,
        "campaign.createExclusion",
        "an end without its time",
        body=with_item("campaign.createExclusion", "accountControlItems", endPattern=1),
    ),
    recipe(409, "campaign.createExclusion", "the same again", times=2),
    recipe(
        409,
        "campaign.replaceExclusion",
        "what another excludes",
        body={"contactType": 1, "contactAddress": "6175550111"},
    ),
    recipe(400, "campaign.insertFastPathRecords", "a list of another type", ids={"listId": "4713"}),
    recipe(
        400,
        "campaign.insertFastPathRecords",
        "a record of another width",
        body=with_item("campaign.insertFastPathRecords", "fastPathRecords", fastPathRecord="short"),
    ),
    recipe(400, "campaign.updateListFilter", "a FastPath list", ids={"listId": "4711"}, body={"version": 1}),
    recipe(400, "campaign.updateStrategyRecords", "no Dynamic list", ids={"strategyId": "301"}),
    recipe(400, "campaign.insertStrategyRecord", "FastPath lists", ids={"strategyId": "301"}),
    recipe(409, "campaign.createFilter", "a name that is taken", body={"filterName": "Overdue"}),
    recipe(409, "campaign.replaceFilter", "a name that is taken", body={"filterName": "Overdue"}),
    recipe(409, "campaign.deleteFilter", "a list uses it", ids={"filterId": "902"}),
    recipe(400, "campaign.upsertCallback", "the same agent, and nobody named", body={"userId": None}),
    recipe(400, "campaign.upsertCallback", "a work type's whole id", body={"workTypeId": "5H9GYF.18"}),
    recipe(200, "campaign.getJob", "with names in conflict", scene=a_job("Pending", conflictInfo=IN_CONFLICT)),
    recipe(400, "campaign.pauseJob", "a paused job", scene=a_job("Paused")),
    recipe(400, "campaign.resumeJob", "a running job", scene=a_job("Running")),
    recipe(400, "campaign.abortJob", "a running job", scene=a_job("Running")),
    recipe(
        400,
        "campaign.resolveJobConflicts",
        "a conflict that it does not have",
        scene=a_job("Pending", conflictInfo=[{**IN_CONFLICT[0], "group": "Strategies"}]),
    ),
    *(
        recipe(400, f"contextCookies.{name}", "an unknown channel", query={"channel": "fax"})
        for name in ("listSettings", "deleteSettings", "listCustomers", "listServices")
    ),
    recipe(404, "disposableApp.getContext", "a dialog that is over", query={"sessionId": "d-0"}),
    recipe(404, "disposableApp.postOutcome", "a dialog that is over", query={"sessionId": "d-0"}),
    recipe(404, "provisioning.getOutreachSmsWorkType", "a work type of another kind", ids={"workTypeId": "5H9GYF.11"}),
    recipe(
        404, "provisioning.getOutreachEmailWorkType", "a work type of another kind", ids={"workTypeId": "5H9GYF.11"}
    ),
    recipe(409, "provisioning.createSystemExternal", "a name that is taken", times=2),
    recipe(422, "provisioning.createSystemExternal", "an empty name", body={"friendlyName": []}),
    recipe(422, "provisioning.replaceSystemExternal", "an empty number", body={"systemExternal": ""}),
    recipe(422, "provisioning.updateSystemExternal", "an empty number", body={"systemExternal": ""}),
    recipe(
        422,
        "provisioning.updateSystemExternal",
        "switched off while a work type uses it",
        ids={"systemExternalId": "61"},
        body={"version": 1, "active": False},
    ),
    recipe(422, "provisioning.deleteSystemExternal", "a work type uses it", ids={"systemExternalId": "61"}),
    recipe(
        400,
        "provisioning.replaceUserSkills",
        "a level of another skill",
        body={"userSkills": [{"id": "18", "levelId": "203"}]},
    ),
    recipe(
        400,
        "provisioning.replaceWorkTypeEmailTemplates",
        "a template that there is not",
        body={"emailTemplates": [{"id": "99"}]},
    ),
    recipe(409, "provisioning.addWorkTypeEmailTemplate", "the work type has it already", times=2),
    recipe(404, "provisioning.removeWorkTypeEmailTemplate", "the work type does not have it", times=2),
    recipe(404, "provisioning.createEmailTemplate", "a signature that there is not", body={"signatureId": "99"}),
    recipe(409, "provisioning.createEmailTemplate", "a name that is taken", times=2),
    recipe(409, "provisioning.createSignature", "a name that is taken", body={"friendlyName": named("Support")}),
    recipe(409, "provisioning.deleteSignature", "a template uses it", ids={"signatureId": "8"}),
]
