"""Plain collections: pages, filters, versions; what is written is kept, and comes back with a reset."""

from typing import Any

import pytest

from tests.sandbox.client import CAMPAIGN, CAMPAIGN_V3, LISTS, PROVISIONING, Client, Clock

FILTERS = f"{CAMPAIGN_V3}/filters"
EXCLUSIONS = f"{CAMPAIGN}/exclusions"
EXTERNALS = f"{PROVISIONING}/systemExternals"
NEW_FILTER = {"filterName": "New ones", "filterCriteria": "AGE_DAYS < 7"}
NOON = "2030-01-01T12:00:00.000Z"


def ids(got: Any, name: str) -> list[Any]:
    return [one["id"] for one in got.json[name]]


def message(got: Any) -> str:
    return str(got.json.get("error", got.json)["errors"][0]["message"])


def exclusion(**members: Any) -> dict[str, Any]:
    one = {"contactType": 1, "contactAddress": "6175550188", "contactListName": "", "reason": "x", "startTime": NOON}
    return {**one, "endPattern": 1, "endTime": "2031-01-01T00:00:00Z", **members}


@pytest.mark.parametrize(
    ("query", "found", "total", "last"),
    [
        ("", [f"10{number:02}" for number in range(1, 12)], 11, 11),
        ("?includeInactive=true", [f"10{number:02}" for number in range(1, 13)], 12, 12),
        ("?includeInactive=FALSE&maxResults=2&startIndex=10", ["1011"], 11, 11),
        ("?startIndex=4&maxResults=2", ["1005", "1006"], 11, 6),
        ("?email=grace.hollis@example.com", ["1007"], 1, 1),
        ("?email=Grace.Hollis@example.com", [], 0, 0),
        ("?preferredNameValue=Ada%20Byrne", ["1001"], 1, 1),
        ("?email=lars.madsen@example.com", [], 0, 0),
        ("?email=lars.madsen@example.com&includeInactive=true", ["1012"], 1, 1),
    ],
)
def test_users_come_in_pages_and_by_filters(client: Client, query: str, found: Any, total: int, last: int) -> None:
    got = client.get(f"{PROVISIONING}/users{query}")
    assert ids(got, "users") == found
    assert (got.json["totalItems"], got.json["lastIndexReturned"]) == (total, last)


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        (f"{PROVISIONING}/dispositionRoutingPlans?channelType=voice,chat", "dispositionRoutingPlans", ["1", "2", "3"]),
        (f"{PROVISIONING}/dispositionRoutingPlans?channelType=chat", "dispositionRoutingPlans", ["2"]),
        (f"{PROVISIONING}/dispositionRoutingPlans?channelType=screen", "dispositionRoutingPlans", []),
        (f"{PROVISIONING}/contactDataDefs?channelType=email&friendlyName=E-mail%20contact", "contactDataDefs", ["73"]),
        (f"{PROVISIONING}/emailTemplates?templateType=outreachCampaign", "emailTemplates", ["84", "85"]),
        (f"{PROVISIONING}/workHandlerStatusReasons?category=Park", "workHandlerStatuses", ["4", "5"]),
        (f"{CAMPAIGN}/automationScripts?status=0", "scripts", [701, 702]),
        (f"{CAMPAIGN}/dispositions?locallyTerminated=1&maxResults=2", "dispositions", [5, 6]),
        (f"{CAMPAIGN}/strategies?purposeName=Sales", "projects", [301, 303, 305]),
        (f"{FILTERS}?filterName=overdue", "filters", []),
        (f"{EXCLUSIONS}?contactType=2", "accountControlItems", [803]),
        (f"{EXCLUSIONS}?fromEndTime=2034-12-31T00:00:00Z&toEndTime=2035-01-01T00:00:00Z", "accountControlItems", [802]),
        (f"{EXCLUSIONS}?fromEndTime=2035-01-02T00:00:00Z&toEndTime=2036-01-01T00:00:00Z", "accountControlItems", []),
    ],
)  # fmt: skip
def test_a_filter_lets_through_what_the_contract_says(client: Client, path: str, name: str, found: list[Any]) -> None:
    assert ids(client.get(path), name) == found


def test_a_filter_is_made_read_changed_and_deleted(client: Client, clock: Clock) -> None:
    made = client.post(FILTERS, NEW_FILTER)
    assert (made.status, made.json) == (
        201,
        {"id": "100001", "version": 1, **NEW_FILTER, "lastModifiedBy": "api", "lastModifiedTime": NOON},
    )
    clock.advance(60)
    changed = client.put(f"{FILTERS}/100001", {**NEW_FILTER, "filterCriteria": "AGE_DAYS < 3", "version": 1})
    assert (changed.status, changed.json) == (
        200,
        {
            "kind": "via#filter",
            "id": "100001",
            "version": 2,
            "filterName": "New ones",
            "filterCriteria": "AGE_DAYS < 3",
            "lastModifiedBy": "api",
            "lastModifiedDate": "2030-01-01T12:01:00.000Z",
        },
    )
    assert client.get(f"{FILTERS}/100001").json == changed.json
    assert (client.delete(f"{FILTERS}/100001").status, client.get(f"{FILTERS}/100001").status) == (204, 404)
    assert client.post(FILTERS, NEW_FILTER).json["id"] == "100002"


def test_a_stale_version_changes_nothing(client: Client) -> None:
    got = client.put(f"{FILTERS}/902", {**NEW_FILTER, "version": 1})
    assert (got.status, got.json["error"]["code"]) == (409, 409)
    assert "version is 2 by now, not 1" in message(got)
    assert client.get(f"{FILTERS}/902").json["filterName"] == "Overdue"


def test_a_name_is_given_once_where_a_conflict_is_documented(client: Client) -> None:
    assert client.post(FILTERS, {**NEW_FILTER, "filterName": "Overdue"}).status == 409
    assert client.put(f"{FILTERS}/901", {**NEW_FILTER, "filterName": "Overdue", "version": 1}).status == 409
    assert client.put(f"{FILTERS}/902", {**NEW_FILTER, "filterName": "Overdue", "version": 2}).status == 200
    assert client.post(FILTERS, {**NEW_FILTER, "filterName": "overdue"}).status == 201


def test_an_exclusion_is_made_one_at_a_time_and_answers_its_id(client: Client) -> None:
    got = client.post(EXCLUSIONS, {"accountControlItems": [exclusion()]})
    assert (got.status, got.json) == (201, {"ids": [{"id": 100001}]})
    assert client.get(f"{EXCLUSIONS}/100001").json["version"] == 1
    two = [exclusion(contactAddress="6175550189"), exclusion(contactAddress="6175550190")]
    assert client.post(EXCLUSIONS, {"accountControlItems": two}).status == 400


def test_an_exclusion_is_replaced_as_a_whole_without_an_answer(client: Client) -> None:
    got = client.put(f"{EXCLUSIONS}/802", exclusion(version=1))
    assert (got.status, got.content) == (200, b"")
    held = client.get(f"{EXCLUSIONS}/802").json
    assert (held["version"], held["contactAddress"], held["creationTime"]) == (
        2,
        "6175550188",
        "2024-03-01T09:00:00.000Z",
    )
    missing = {name: value for name, value in exclusion(version=2).items() if name != "reason"}
    assert message(client.put(f"{EXCLUSIONS}/802", missing)) == "reason is missing"


def test_a_change_merges_and_a_replacement_does_not(client: Client) -> None:
    patched = client.patch(f"{EXTERNALS}/62", {"version": 3, "systemExternal": "6175550143"})
    assert (patched.status, patched.json["version"], patched.json["friendlyName"][0]["value"]) == (
        200,
        4,
        "Technicians",
    )
    body = {"version": 2, "systemExternal": "6175550198", "friendlyName": [{"locale": "en-US", "value": "Warehouse"}]}
    replaced = client.put(f"{EXTERNALS}/63", body)
    assert (replaced.status, replaced.json["active"], replaced.json["version"]) == (200, True, 3)


def test_a_seed_fills_any_collection_of_the_contracts(client: Client) -> None:
    seed = {
        "campaign.filters": [{"id": "f1", "filterName": "Seeded", "version": 5}],
        "provisioning.skills": [{"id": 7, "friendlyName": [{"locale": "en-US", "value": "Latin"}]}],
        "provisioning.users/1001/skills": [{"id": "7"}],
        "provisioning.users/workHandlerRules": [{"id": "1001", "maxWrapTime": 5}],
    }
    assert client.post("/_sandbox/seed", seed).json == {name: 1 for name in seed}
    assert client.get(f"{FILTERS}?filterName=Seeded").json["filters"] == [
        {"kind": "via#filter", "id": "f1", "version": 5, "filterName": "Seeded"}
    ]
    assert ids(client.get(f"{PROVISIONING}/users/1001/skills"), "userSkills") == ["7"]
    assert client.get(f"{PROVISIONING}/users/1001/workHandlerRules").json["maxWrapTime"] == 5
    assert client.post("/_sandbox/reset").status == 204
    assert client.get(f"{FILTERS}/f1").status == 404


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"provisioning.user": [{"id": "1"}]}, "did you mean 'provisioning.users'?"),
        ({"provisioning.users": [{"name": "x"}]}, "provisioning.users[0] must be an object with an id"),
        ({"provisioning.users/1/skil": []}, "unknown member 'provisioning.users/1/skil'"),
    ],
)
def test_a_seed_that_cannot_be_read_is_told_why(client: Client, seed: Any, words: str) -> None:
    got = client.post("/_sandbox/seed", seed)
    assert got.status == 400
    assert words in got.json["error"]


def test_lists_with_a_changed_page_size_show_all_in_turn(client: Client) -> None:
    client.put("/_sandbox/limits", {"results": 20})
    pages = [ids(client.get(f"{LISTS}?startIndex={start}"), "contactLists") for start in (0, 20, 40, 60)]
    assert [len(page) for page in pages] == [20, 20, 14, 0]
    assert len({each for page in pages for each in page}) == 54
