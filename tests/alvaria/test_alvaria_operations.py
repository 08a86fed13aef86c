"""The contracts give the operations that the vendor's documents list."""

from collections import Counter

import pytest

from bridge.alvaria.operations import OPERATIONS, operation, read_contract
from bridge.errors import BadRequest

CX = "/via/v2/organizations/{orgId}/customerexperience/"
LISTS = "/via/v2/organizations/{orgId}/campaign/lists"


@pytest.mark.parametrize(
    ("operation_id", "line", "success", "category"),
    [
        ("contextCookies.listSettings", f"GET {CX}contextCookies/settings", 200, "customerexperience"),
        ("contextCookies.deleteSettings", f"DELETE {CX}contextCookies/settings", 204, "customerexperience"),
        ("contextCookies.upsertSettings", f"POST {CX}contextCookies/settings", 204, "customerexperience"),
        ("contextCookies.listCustomers", f"GET {CX}contextCookies/customers", 200, "customerexperience"),
        ("contextCookies.listServices", f"GET {CX}contextCookies/services", 200, "customerexperience"),
        ("contextCookies.listChannels", f"GET {CX}contextCookies/channels", 200, "customerexperience"),
        ("disposableApp.getContext", f"GET {CX}disposableApp/context", 200, "customerexperience"),
        ("disposableApp.postOutcome", f"POST {CX}disposableApp/outcome", 204, "customerexperience"),
        ("campaign.listLists", f"GET {LISTS}", 200, "campaign"),
        ("campaign.getList", f"GET {LISTS}/{{listId}}", 200, "campaign"),
        ("campaign.insertFastPathRecords", f"POST {LISTS}/{{listId}}/fastPathRecords", 201, "campaign"),
    ],
)
def test_an_operation_is_what_its_document_says(operation_id: str, line: str, success: int, category: str) -> None:
    found = operation(operation_id)
    assert f"{found.method} {found.path}" == line
    assert (list(found.success), found.category, found.deprecated) == ([success], category, False)


def test_what_reads_or_names_what_it_writes_may_be_repeated_and_what_adds_may_not() -> None:
    by_method = {
        method: [found for found in OPERATIONS.values() if found.method == method]
        for method in ("GET", "PUT", "PATCH", "DELETE")
    }
    assert all(found.repeatable for several in by_method.values() for found in several)
    assert not operation("campaign.insertFastPathRecords").repeatable
    assert not operation("campaign.createExclusion").repeatable
    assert operation("campaign.upsertCallback").repeatable


def test_all_operations_of_the_documents_are_there() -> None:
    counted = Counter(name.partition(".")[0] for name in OPERATIONS)
    assert counted == {"contextCookies": 6, "disposableApp": 2, "campaign": 43, "provisioning": 60}


def test_a_collection_is_known_by_its_array() -> None:
    arrays = {name: operation(name).items for name in (
        "campaign.listLists", "campaign.listStrategies", "campaign.listTimeZonesV3", "contextCookies.listSettings",
        "provisioning.listOnlineAgents", "provisioning.listTeamUsers", "provisioning.getUser",
        "provisioning.listDispositionRoutingPlanRules", "campaign.deleteFilter",
    )}  # fmt: skip
    assert arrays == {
        "campaign.listLists": "contactLists",
        "campaign.listStrategies": "projects",
        "campaign.listTimeZonesV3": "timeZones",
        "contextCookies.listSettings": "settings",
        "provisioning.listOnlineAgents": "users",
        "provisioning.listTeamUsers": "",  # two arrays
        "provisioning.getUser": "",
        "provisioning.listDispositionRoutingPlanRules": "rules",
        "campaign.deleteFilter": "",
    }


def test_every_collection_has_its_array_and_its_items_have_what_they_are_known_by() -> None:
    named = [found for found in OPERATIONS.values() if found.names]
    assert len(named) == 36
    for found in named:
        assert found.names
        assert found.items, found.id
        for path in filter(None, (found.names.id, found.names.name, found.names.email, found.names.code)):
            assert path.partition(".")[0] in found.schemas.members(found.item), f"{found.id}: {path}"


def test_what_is_deprecated_says_where_to_turn() -> None:
    deprecated = [found for found in OPERATIONS.values() if found.deprecated]
    assert len(deprecated) == 7
    assert all("/compliance/" in found.replaced_by for found in deprecated)


def test_each_write_with_a_version_has_it_in_its_body() -> None:
    versioned = [found for found in OPERATIONS.values() if found.version]
    assert len(versioned) == 12
    assert all(found.version in found.schemas.members(found.body) for found in versioned)


@pytest.mark.parametrize(
    ("operation_id", "called"),
    [
        ("campaign.listLists", ("list", "lists")),
        ("campaign.listStrategies", ("strategy", "strategies")),
        ("campaign.listNumberTypes", ("number type", "number types")),
        ("provisioning.listWorkTypes", ("work type", "work types")),
        ("provisioning.listOnlineAgents", ("user", "users")),
        ("contextCookies.listSettings", ("setting", "settings")),
        ("disposableApp.postOutcome", ("entry", "entries")),
    ],
)
def test_things_are_called_what_people_call_them(operation_id: str, called: tuple[str, str]) -> None:
    assert operation(operation_id).called == called


def test_parameters_say_where_they_go_and_whether_they_must() -> None:
    insert = operation("campaign.insertFastPathRecords")
    assert [(given.name, given.place, given.type, given.required) for given in insert.parameters] == [
        ("orgId", "path", "string", True),
        ("listId", "path", "integer", True),
        ("via-client-sessionid", "header", "string", False),
    ]


def test_scopes_are_alternatives() -> None:
    assert operation("contextCookies.upsertSettings").scopes == (
        "customerexperienceapi",
        "customerexperienceapi.contextcookies",
    )


def test_an_unknown_operation_is_answered_with_its_likely_name() -> None:
    with pytest.raises(BadRequest, match=r"did you mean 'contextCookies\.upsertSettings'"):
        operation("contextCookies.upsertSetting")


def test_parameters_may_stand_in_an_operation_itself() -> None:
    inline = {"name": "a", "in": "query", "required": False, "schema": {"type": "string"}}
    one = {
        "operationId": "do", "summary": "s", "x-category": "c", "x-repeatable": True, "deprecated": True,
        "parameters": [inline], "responses": {"202": {}, "400": {}}, "security": [{"oauth": ["x"]}],
    }  # fmt: skip
    (found,) = read_contract({"info": {"x-api": "any"}, "paths": {"/p": {"put": one}}})
    assert (found.id, found.method, found.parameters[0].name, found.deprecated) == ("any.do", "PUT", "a", True)
