"""The contracts give the operations that the vendor's documents list."""

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


def test_only_what_inserts_is_not_repeatable() -> None:
    assert [found.id for found in OPERATIONS.values() if not found.repeatable] == ["campaign.insertFastPathRecords"]


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
