"""Names to ids, as far as it can be done, and a sentence for people where it cannot."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scripted import Script, raw, reply, reset

from bridge.alvaria.client import Client
from bridge.alvaria.lookup import Lookups
from bridge.alvaria.operations import operation
from bridge.errors import LookupFailed, NotFound, Unreachable

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
BY_NAME = {"listId": {"id_of": "Hot leads", "by": "campaign.listLists"}}


class Watch:
    time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def lookups(client: Client, watch: Watch) -> Lookups:
    return Lookups(client, ttl_s=300, now=watch)


def lists(*named: tuple[int, str], total: int | str | None = None) -> Any:
    found = [{"kind": "via#list", "id": list_id, "name": name} for list_id, name in named]
    return reply(200, {"contactLists": found, "totalItems": len(named) if total is None else total})


def a_list(kind: Any, name: str = "Hot leads") -> Any:
    return reply(200, {"id": 4711, "name": name, "listType": kind})


def test_a_list_is_found_by_its_exact_name_and_must_be_a_fastpath_list(lookups: Lookups, script: Script) -> None:
    script.acts.extend([lists((1, "hot leads"), (4711, "Hot leads"), (3, "Hot leads 2")), a_list(2)])
    assert lookups.resolve({**BY_NAME, "other": "x"}) == {"listId": 4711, "other": "x"}
    by_name, by_id = (urlsplit(seen.target) for seen in script.requests)
    assert parse_qs(by_name.query) == {"name": ["Hot leads"]}
    assert by_id.path.endswith("/campaign/lists/4711")


@pytest.mark.parametrize("given", [4711, {"id_of": 4711, "by": "campaign.listLists"}, {"id_of": "4711", "by": "x"}])
def test_an_id_is_no_name_but_must_be_a_fastpath_list_too(lookups: Lookups, script: Script, given: Any) -> None:
    script.acts.append(a_list(2))
    assert lookups.resolve({"listId": given}) == {"listId": 4711}
    assert len(script.requests) == 1


def test_only_an_insert_needs_a_fastpath_list(lookups: Lookups, script: Script) -> None:
    script.acts.append(lists((4711, "Hot leads")))
    assert lookups.resolve(BY_NAME, "campaign.getList") == {"listId": 4711}
    assert len(script.requests) == 1


def test_parameters_without_names_need_no_look_up(lookups: Lookups, script: Script) -> None:
    params = {"customer": "7", "service": "", "key": "crm.a"}
    assert lookups.resolve(params, "contextCookies.deleteSettings") == params
    assert script.requests == []


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        ([lists()], 'there is no list named "Hot leads" at Alvaria; names are case-sensitive'),
        ([lists((1, "hot leads"))], 'there is no list named "Hot leads" at Alvaria; names are case-sensitive'),
        ([reply(200, {})], 'there is no list named "Hot leads"'),
        ([lists((1, "Hot leads"), (2, "Hot leads"))], '2 lists are named "Hot leads"'),
        ([lists((4711, "Hot leads")), a_list(1)], 'list "Hot leads" is Dynamic, not FastPath'),
        ([lists((4711, "Hot leads")), a_list(0)], 'list "Hot leads" is Static, not FastPath'),
        ([lists((4711, "Hot leads")), a_list(9)], 'list "Hot leads" is of an unknown type'),
        ([lists((4711, "Hot leads")), reply(404, {})], "there is no list with the id 4711"),
    ],
)
def test_a_name_that_cannot_be_used_is_told_to_people(lookups: Lookups, script: Script, acts: Any, said: str) -> None:
    script.acts.extend(acts)
    with pytest.raises(NotFound, match=said):
        lookups.resolve(BY_NAME)


def test_an_operation_that_looks_up_nothing_is_not_asked(lookups: Lookups, script: Script) -> None:
    with pytest.raises(NotFound, match=r"campaign\.listJobs does not look up names"):
        lookups.resolve({"listId": {"id_of": "x", "by": "campaign.listJobs"}})


@pytest.mark.parametrize("total", [3, "3"])
def test_all_pages_are_read(lookups: Lookups, script: Script, total: Any) -> None:
    script.acts.extend([lists((1, "a"), (2, "b"), total=total), lists((4711, "Hot leads"), total=total), a_list(2)])
    assert lookups.resolve(BY_NAME) == {"listId": 4711}
    assert parse_qs(urlsplit(script.requests[1].target).query)["startIndex"] == ["2"]


def test_a_service_that_gives_the_same_page_for_ever_comes_to_an_end(lookups: Lookups, script: Script) -> None:
    script.acts.extend([lists((4711, "Hot leads"), total=9), lists((4711, "Hot leads"), total=9), a_list(2)])
    assert lookups.resolve(BY_NAME) == {"listId": 4711}


def test_what_was_found_is_remembered_for_a_while(lookups: Lookups, script: Script, watch: Watch) -> None:
    script.acts.extend([lists((4711, "Hot leads")), a_list(2)])
    lookups.resolve(BY_NAME)
    watch.time = NOON + timedelta(seconds=299)
    lookups.resolve(BY_NAME)
    assert len(script.requests) == 2
    watch.time = NOON + timedelta(seconds=300)
    script.acts.extend([lists((5, "Hot leads")), a_list(2)])
    assert lookups.resolve(BY_NAME) == {"listId": 5}


def test_what_was_not_found_is_remembered_only_shortly(lookups: Lookups, script: Script, watch: Watch) -> None:
    script.acts.append(lists())
    for moment in (NOON, NOON + timedelta(seconds=9)):
        watch.time = moment
        with pytest.raises(NotFound):
            lookups.resolve(BY_NAME)
    assert len(script.requests) == 1
    watch.time = NOON + timedelta(seconds=10)
    script.acts.extend([lists((4711, "Hot leads")), a_list(2)])
    assert lookups.resolve(BY_NAME) == {"listId": 4711}


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_look_up_that_is_refused_carries_its_answer_and_is_not_remembered(
    lookups: Lookups, script: Script, status: int
) -> None:
    refusal = reply(status, {"error": {"message": "No"}})
    script.acts.extend([refusal] * (2 if status == 401 else 1))
    with pytest.raises(LookupFailed, match=rf"campaign\.listLists.*status {status}: No") as caught:
        lookups.resolve(BY_NAME)
    assert caught.value.answer.status == status
    script.acts.extend([lists((4711, "Hot leads")), a_list(2)])
    assert lookups.resolve(BY_NAME) == {"listId": 4711}


@pytest.mark.parametrize(
    "act",
    [
        reset,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        reply(200, b"<html>"),
        reply(200, [1]),
        reply(200, {"contactLists": 7}),
        reply(200, {"contactLists": ["x"]}),
        reply(200, {"contactLists": [{"name": "Hot leads"}]}),
        reply(200, {"contactLists": [{"id": "x", "name": "Hot leads"}]}),
        reply(200, {"contactLists": [{"id": 1}], "totalItems": "many"}),
    ],
)
def test_a_look_up_without_a_readable_answer_leaves_no_doubt_about_the_insert(
    lookups: Lookups, script: Script, act: Any
) -> None:
    script.acts.append(act)
    with pytest.raises(Unreachable) as caught:
        lookups.resolve(BY_NAME)
    assert not caught.value.sent


def collection(array: str, *items: dict[str, Any]) -> Any:
    return reply(200, {array: list(items), "totalItems": len(items)})


def friendly(*values: str) -> list[dict[str, str]]:
    return [{"locale": "en_US", "value": value} for value in values]


ANN = {"id": "u7", "user": "ann@example.com", "preferredName": friendly("Ann Lee")}
BOB = {"id": "u8", "user": "bob@example.com", "preferredName": {"locale": "en", "value": "Bob"}}
SALES = {"id": "5H9GYF.18", "friendlyName": friendly("Sales", "Verkauf")}
HOME = {"id": "n1", "numberTypeCode": 4, "friendlyName": friendly("Home")}
LISTED = {
    "campaign.listStrategies": ("projects", {"id": 3, "name": "Winter"}, {"id": 4, "name": "winter"}),
    "campaign.listFilters": ("filters", {"id": "f1", "filterName": "Open"}),
    "campaign.listNumberTypes": ("numberTypes", HOME),
    "campaign.listDispositions": ("dispositions", {"id": 9, "friendlyName": friendly("Sale")}),
    "campaign.listAutomationScripts": ("scripts", {"id": 5, "scriptName": "Nightly"}),
    "campaign.listTimeZonesV3": ("timeZones", {"timeZoneId": "20", "olsonName": "Europe/Paris"}),
    "provisioning.listUsers": ("users", ANN, BOB),
    "provisioning.listWorkTypes": ("workTypes", SALES),
    "provisioning.listWorkTypesOfGroup": ("workTypes", SALES),
}


@pytest.mark.parametrize(
    ("by", "name", "found", "query"),
    [
        ("campaign.listStrategies", "Winter", 3, {"name": ["Winter"]}),
        ("campaign.listFilters", "Open", "f1", {"filterName": ["Open"]}),
        ("campaign.listNumberTypes", "Home", "n1", {}),
        ("campaign.listDispositions", "Sale", 9, {}),
        ("campaign.listAutomationScripts", "Nightly", 5, {"scriptName": ["Nightly"]}),
        ("campaign.listTimeZonesV3", "Europe/Paris", "20", {}),
        ("provisioning.listUsers", "Ann Lee", "u7", {"preferredNameValue": ["Ann Lee"]}),
        ("provisioning.listUsers", "Bob", "u8", {"preferredNameValue": ["Bob"]}),
        ("provisioning.listUsers", "bob@example.com", "u8", {"email": ["bob@example.com"]}),
        ("provisioning.listWorkTypes", "Verkauf", "5H9GYF.18", {"friendlyName": ["Verkauf"]}),
    ],
)
def test_anything_that_has_a_name_is_found_by_it(
    lookups: Lookups, script: Script, by: str, name: str, found: Any, query: Any
) -> None:
    script.acts.append(collection(*LISTED[by]))
    assert lookups.id_of({"id_of": name, "by": by}, {}) == found
    (seen,) = script.requests
    assert parse_qs(urlsplit(seen.target).query) == query
    assert lookups.id_of({"id_of": name, "by": by}, {}) == found
    assert len(script.requests) == 1


def test_a_list_below_another_thing_says_which(lookups: Lookups, script: Script) -> None:
    script.acts.append(collection(*LISTED["provisioning.listWorkTypesOfGroup"]))
    name = {"id_of": "Sales", "by": "provisioning.listWorkTypesOfGroup", "params": {"workTypeGroupId": "3"}}
    assert lookups.id_of(name, {}) == "5H9GYF.18"
    assert script.requests[0].target.endswith("/provisioning/workTypeGroups/3/workTypes")


def test_a_code_may_be_wanted_in_place_of_the_id(lookups: Lookups, script: Script) -> None:
    script.acts.append(collection(*LISTED["campaign.listNumberTypes"]))
    assert lookups.id_of({"id_of": "Home", "by": "campaign.listNumberTypes", "as": "code"}, {}) == 4


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "5H9GYF.18"),
        ({"type": "string"}, "5H9GYF.18"),
        (
            operation("campaign.upsertCallback").schemas.members(operation("campaign.upsertCallback").body)[
                "workTypeId"
            ],
            "18",
        ),
    ],
)
def test_the_part_after_the_dot_is_given_where_no_dot_may_be(
    lookups: Lookups, script: Script, wanted: Any, found: str
) -> None:
    script.acts.append(collection(*LISTED["provisioning.listWorkTypes"]))
    assert lookups.id_of({"id_of": "Sales", "by": "provisioning.listWorkTypes"}, wanted) == found


def test_a_parameter_of_any_operation_may_be_a_name(lookups: Lookups, script: Script) -> None:
    script.acts.append(collection(*LISTED["provisioning.listUsers"]))
    params = {"userId": {"id_of": "Ann Lee", "by": "provisioning.listUsers"}}
    assert lookups.resolve(params, "provisioning.getUser") == {"userId": "u7"}
    digits = {"userId": {"id_of": "7", "by": "provisioning.listUsers"}}
    assert lookups.resolve(digits, "provisioning.getUser") == {"userId": "7"}
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ({"id_of": "Max", "by": "provisioning.listUsers"}, 'there is no user named "Max" at Alvaria'),
        ({"id_of": "x", "by": "provisioning.listUsers", "as": "code"}, "or give the code"),
        ({"id_of": "x", "by": "provisioning.listTeams", "as": "size"}, "or give the size"),
        ({"id_of": "x", "by": "nothing.atAll"}, r"nothing\.atAll does not look up names"),
    ],
)
def test_a_name_that_leads_nowhere_is_told(lookups: Lookups, script: Script, name: Any, said: str) -> None:
    script.acts.append(collection(*LISTED["provisioning.listUsers"]))
    with pytest.raises(NotFound, match=said):
        lookups.id_of(name, {})


def test_a_404_means_that_there_is_none_where_the_document_has_it(lookups: Lookups, script: Script) -> None:
    """Provisioning API v2.0.0: GET users answers 404 where nobody fits."""
    script.acts.append(reply(404, {"error": {"message": "Not Found"}}))
    with pytest.raises(NotFound, match='there is no user named "Max"'):
        lookups.id_of({"id_of": "Max", "by": "provisioning.listUsers"}, {})


def test_two_of_the_same_name_are_told_in_the_plural(lookups: Lookups, script: Script) -> None:
    script.acts.append(collection("projects", {"id": 1, "name": "Winter"}, {"id": 2, "name": "Winter"}))
    with pytest.raises(NotFound, match='2 strategies are named "Winter" at Alvaria; give the id of the one'):
        lookups.id_of({"id_of": "Winter", "by": "campaign.listStrategies"}, {})
