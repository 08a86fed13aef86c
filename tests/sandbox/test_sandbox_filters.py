"""Context cookies found: every filter, alone and together, for reading and for deleting."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from tests.sandbox.client import COOKIES, Client, Clock, setting

SETTINGS = f"{COOKIES}/settings"
CHANNELS = ("all", "voice", "sms")
SINCE_S = 1  # what was seeded as new is from one second before noon

names = st.sampled_from(["", "a", "b"])
held_settings = st.builds(
    dict,
    customerId=st.sampled_from(["1", "2"]),
    key=st.sampled_from(["k", "l"]),
    content=st.sampled_from(["x", "y"]),
    channel=st.sampled_from(CHANNELS),
    service=names,
    age_s=st.integers(0, 3),
    session=st.none() | st.integers(0, 2),
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "customer": st.lists(st.sampled_from(["1", "2", "3"]), min_size=1),
        "service": st.lists(names, min_size=1),
        "channel": st.lists(st.sampled_from(CHANNELS), min_size=1),
        "key": st.lists(st.sampled_from(["k", "l", "m"]), min_size=1),
        "lastSessionsOnly": st.booleans(),
        "customKeysOnly": st.booleans(),
        "minimumModificationAge": st.integers(0, 4),
    },
)


def seeded(one: dict[str, Any]) -> dict[str, Any]:
    """As the seed route takes it: the clock stands at noon."""
    session = {} if one["session"] is None else {
        "sessionId": f"s{one['session']}", "sessionTime": f"2029-12-31T00:00:0{one['session']}Z"
    }  # fmt: skip
    shown = {name: value for name, value in one.items() if name not in ("age_s", "session")}
    return {**shown, "lastModifiedTime": f"2030-01-01T11:59:5{9 - one['age_s']}Z", **session}


def let_through(one: dict[str, Any], held: list[dict[str, Any]], query: dict[str, Any]) -> bool:
    """The filters as the document tells them, one after the other."""
    sessions = [o["session"] for o in held if o["customerId"] == one["customerId"] and o["session"] is not None]
    if query.get("lastSessionsOnly") and one["session"] != max(sessions, default="none at all"):
        return False
    return (
        one["customerId"] in query.get("customer", one["customerId"])
        and one["service"] in query.get("service", [one["service"]])
        and one["channel"] in query.get("channel", [one["channel"]])
        and one["key"] in query.get("key", [one["key"]])
        and not (query.get("customKeysOnly") and one["session"] is not None)
        and one["age_s"] + SINCE_S >= query.get("minimumModificationAge", 0)
    )


def identity(one: dict[str, Any]) -> tuple[str, ...]:
    return (one["customerId"], one["key"], one["channel"], one["service"])


def encoded(query: dict[str, Any]) -> str:
    return urlencode(
        {name: ",".join(value) if isinstance(value, list) else str(value).lower() for name, value in query.items()}
    )


def test_reading_and_deleting_agree_with_a_plain_model_of_the_filters(client: Client) -> None:
    client.put("/_sandbox/rate-limit", {"limit": 1_000_000, "window_s": 1})

    @tries(max_examples=80, deadline=None)
    @given(st.lists(held_settings, max_size=8, unique_by=identity), queries)
    def agree(held: list[dict[str, Any]], query: dict[str, Any]) -> None:
        client.delete(SETTINGS)
        client.post("/_sandbox/seed", {"settings": [seeded(one) for one in held]})
        wanted = {identity(one) for one in held if let_through(one, held, query)}
        found = client.get(f"{SETTINGS}?{encoded(query)}").json
        assert {identity(one) for one in found["settings"]} == wanted
        assert found["totalItems"] == len(wanted)
        assert client.delete(f"{SETTINGS}?{encoded(query)}").status == 204
        left = {identity(one) for one in client.get(SETTINGS).json["settings"]}
        assert left == {identity(one) for one in held} - wanted

    agree()


def test_an_empty_service_is_a_filter_and_no_service_is_none(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting(service=""), setting(service="sales")]})
    found = {
        query: client.get(f"{SETTINGS}{query}").json["totalItems"] for query in ("", "?service=", "?service=,sales")
    }
    assert found == {"": 2, "?service=": 1, "?service=,sales": 2}


def test_delete_without_a_filter_deletes_everything(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting(customerId="1"), setting(customerId="2")]})
    got = client.delete(SETTINGS)
    assert (got.status, got.content) == (204, b"")
    assert client.get(SETTINGS).json["totalItems"] == 0


def test_the_newest_session_is_the_customers_whatever_the_other_filters_say(client: Client) -> None:
    seeds = [
        setting(key="old", channel="voice", sessionId="s1", sessionTime="2029-01-01T00:00:00Z"),
        setting(key="new", channel="chat", sessionId="s2", sessionTime="2029-01-02T00:00:00Z"),
        setting(customerId="8", key="other", sessionId="s0", sessionTime="2028-01-01T00:00:00Z"),
        setting(key="crm.tier"),
    ]
    client.post("/_sandbox/seed", {"settings": seeds})

    def keys(query: str) -> list[str]:
        return [held["key"] for held in client.get(f"{SETTINGS}?{query}").json["settings"]]

    assert keys("lastSessionsOnly=true") == ["new", "other"]
    assert keys("lastSessionsOnly=true&channel=voice") == ["other"]
    assert keys("customKeysOnly=TRUE") == ["crm.tier"]
    assert keys("lastSessionsOnly=false&customer=8") == ["other"]


def test_age_is_counted_from_the_last_change_in_seconds(client: Client, clock: Clock) -> None:
    client.post(SETTINGS, {"settings": [setting(key="old")]})
    clock.advance(10)
    client.post(SETTINGS, {"settings": [setting(key="young")]})
    ages = {age: client.get(f"{SETTINGS}?minimumModificationAge={age}").json["totalItems"] for age in (0, 1, 10, 11)}
    assert ages == {0: 2, 1: 1, 10: 1, 11: 0}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("lastSessionsOnly=yes", 1),
        ("customKeysOnly=", 1),
        ("minimumModificationAge=-1", 1),
        ("minimumModificationAge=1.5", 1),
        ("channel=voice,fax", 1),
        ("channel=&lastSessionsOnly=1&minimumModificationAge=true", 3),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_filter_that_cannot_be_read_is_refused_and_deletes_nothing(
    client: Client, method: str, query: str, count: int
) -> None:
    client.post(SETTINGS, {"settings": [setting()]})
    got = client.ask(method, f"{SETTINGS}?{query}")
    assert (got.status, len(got.json["errors"])) == (400, count)
    assert client.get(SETTINGS).json["totalItems"] == 1


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("customers", ["1", "2"]),
        ("customers?channel=chat", ["2"]),
        ("customers?service=", ["1"]),
        ("customers?key=k,l", ["1", "2"]),
        ("customers?customKeysOnly=true", ["1", "2"]),
        ("customers?lastSessionsOnly=true", []),
        ("services", ["", "sales"]),
        ("services?customer=2", ["sales"]),
        ("services?channel=voice&key=k", [""]),
        ("channels", ["voice", "chat"]),
        ("channels?customer=1,2&service=sales", ["chat"]),
        ("channels?key=k", ["voice"]),
    ],
)
def test_customers_services_and_channels_are_listed_once_each_with_their_own_filters(
    client: Client, path: str, collection: list[str]
) -> None:
    one = setting(customerId="1", key="k")
    two = setting(customerId="2", key="l", channel="chat", service="sales")
    client.post(SETTINGS, {"settings": [one, {**one, "key": "m"}, two]})
    name = path.partition("?")[0]
    assert client.get(f"{COOKIES}/{path}").json == {
        "kind": f"cxp#contextCookies{name[:-1].capitalize()}Collection",
        name: [{"id": each} for each in collection],
        "totalItems": len(collection),
    }


def test_a_filter_that_the_document_does_not_give_an_operation_changes_nothing(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting()]})
    assert client.get(f"{COOKIES}/services?lastSessionsOnly=true").json["totalItems"] == 1
    assert client.get(f"{COOKIES}/customers?customer=nobody").json["totalItems"] == 1
