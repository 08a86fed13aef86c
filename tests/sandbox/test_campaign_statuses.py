"""May this record be contacted? Exclusions, attempts that were reported, and calling times."""

from typing import Any
from urllib.parse import urlencode

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V2, put
from tests.sandbox.client import Client, Clock
from tests.sandbox.test_campaign_exclusions import created

PATH = f"{V2}/exclusionStatuses"
PHONE = "6175550123"
DAY_S = 86_400


@pytest.fixture(autouse=True)
def _none_yet(client: Client, sandbox: Sandbox) -> None:
    for name in ("exclusions", "callAttempts", "callingTimes"):
        put(sandbox, name)


def status(client: Client, **asked: str) -> Any:
    got = client.get(f"{PATH}?{urlencode({'contactList': 'ALL', **asked})}")
    assert (got.status, got.json["totalItems"]) == (200, 1), got.text
    [item] = got.json["accountControlQueryItems"]
    return item


def verdict(client: Client, **asked: str) -> tuple[int, int]:
    item = status(client, **asked)
    return item["result"], item["exclusionType"]


def report(client: Client, *events: dict[str, Any]) -> None:
    got = client.post(f"{V2}/callAttempts", {"events": list(events)})
    assert (got.status, got.content) == (202, b"")


def pass_time(client: Client, clock: Clock, seconds: float) -> None:
    """So much that another token is needed."""
    clock.advance(seconds)
    client.sign_in()


def attempt(**members: Any) -> dict[str, Any]:
    return {"customer": "ALBERT", "phoneDialed": PHONE, "responseStatus": "BZ", "numberType": 1, **members}


def test_who_is_not_excluded_may_be_contacted(client: Client) -> None:
    item = status(client, phoneNumber=PHONE, customer="ALBERT", contactList="Hot leads")
    key = item.pop("key")
    assert item == {
        "kind": "via#exclusionStatus",
        "phone": PHONE,
        "contactListName": "Hot leads",
        "result": 1,
        "exclusionType": 0,
        "customer": "ALBERT",
        "expirationTimeForAttemptTracker": 0,
        "nextValidRecallTime": 0,
        "playMessageType": 0,
    }
    assert len(key.split("#")) == 3


@pytest.mark.parametrize(
    ("contact_type", "address", "asked"),
    [
        (0, "10005", {"accountNumber": "10005"}),
        (1, PHONE, {"phoneNumber": "617-555-0123"}),
        (2, "ada@example.com", {"email": "ada@example.com"}),
        (3, PHONE, {"sms": PHONE}),
        (4, "AAA-GG", {"ssn": "AAA-GG"}),
    ],
)
def test_each_kind_of_address_is_excluded_as_itself(
    client: Client, contact_type: int, address: str, asked: dict[str, str]
) -> None:
    created(client, contactType=contact_type, contactAddress=address)
    item = status(client, **asked)
    assert (item["result"], item["exclusionType"], item["key"]) == (0, contact_type, "")
    assert item["exclusionStartTime"] == "2030-01-01T00:00:00.000Z"
    other = "sms" if "sms" not in asked else "phoneNumber"
    assert verdict(client, **{other: next(iter(asked.values()))}) == (1, 0)


@pytest.mark.parametrize(
    ("of", "asked", "result"),
    [
        ("", "ALL", 0),
        ("", "Hot leads", 0),
        ("ALL", "Hot leads", 0),
        ("Hot leads", "Hot leads", 0),
        ("Hot leads", "hot leads", 1),
        ("Hot leads", "Callbacks", 1),
        ("Hot leads", "ALL", 1),
    ],
)
def test_an_exclusion_of_one_list_holds_for_that_list(client: Client, of: str, asked: str, result: int) -> None:
    created(client, contactListName=of)
    assert verdict(client, phoneNumber=PHONE, contactList=asked)[0] == result


def test_an_exclusion_holds_between_its_start_and_its_end(client: Client, clock: Clock) -> None:
    created(client, startTime="2030-01-01T12:00:10.000Z", endPattern=1, endTime="2030-01-01T12:00:20.000Z")
    seen = []
    for _ in range(3):
        seen.append(verdict(client, phoneNumber=PHONE)[0])
        clock.advance(10)
    assert seen == [1, 0, 1]


def test_once_it_is_deleted_contact_is_allowed(client: Client) -> None:
    id_ = created(client)
    assert verdict(client, phoneNumber=PHONE) == (0, 1)
    client.delete(f"{V2}/exclusions/{id_}")
    assert verdict(client, phoneNumber=PHONE) == (1, 0)


def test_attempts_are_counted_and_forgotten_after_their_time(client: Client, clock: Clock) -> None:
    asked = {"phoneNumber": PHONE, "customer": "ALBERT"}
    for _ in range(2):
        report(client, attempt(key=status(client, **asked)["key"]))
    assert verdict(client, **asked) == (1, 0)
    clock.advance(600)
    report(client, attempt())
    item = status(client, **asked)
    assert (item["result"], item["exclusionType"], item["key"]) == (0, 7, "")
    assert item["expirationTimeForAttemptTracker"] == DAY_S - 600
    assert item["exclusionStartTime"] == "2030-01-01T12:10:00.000Z"
    assert verdict(client, phoneNumber=PHONE, customer="BERTA") == (1, 0)
    pass_time(client, clock, DAY_S - 600)
    assert verdict(client, **asked) == (1, 0)


def test_the_wait_ends_when_one_attempt_less_than_allowed_is_left(client: Client, clock: Clock) -> None:
    for _ in range(4):
        report(client, attempt())
        clock.advance(100)
    item = status(client, phoneNumber=PHONE, customer="ALBERT")
    assert item["expirationTimeForAttemptTracker"] == DAY_S - 300
    clock.advance(0.5)
    item = status(client, phoneNumber=PHONE, customer="ALBERT")
    assert item["expirationTimeForAttemptTracker"] == DAY_S - 300, "rounded up"


def test_a_phone_is_counted_whoever_is_called_and_a_customer_wherever(client: Client) -> None:
    report(client, *[attempt(customer=f"C{place}") for place in range(5)])
    assert verdict(client, phoneNumber="(617) 555-0123") == (0, 6)
    report(client, *[attempt(phoneDialed=f"617555020{place}") for place in range(7)])
    assert verdict(client, accountNumber="1", customer="ALBERT") == (0, 5)


def test_old_attempts_and_those_of_tomorrow_count_when_they_were_made(client: Client) -> None:
    long_ago, tomorrow = "2029-12-01T00:00:00.000Z", "2030-01-02T12:00:00.000Z"
    report(client, *[attempt(timeOfAttempt=long_ago)] * 7, attempt(timeOfAttempt=tomorrow), attempt())
    assert verdict(client, phoneNumber=PHONE, customer="ALBERT") == (1, 0)
    report(client, attempt())
    wait_s = status(client, phoneNumber=PHONE, customer="ALBERT")["expirationTimeForAttemptTracker"]
    assert wait_s == DAY_S


def test_sms_and_mail_are_not_tracked(client: Client) -> None:
    report(client, *[attempt()] * 9)
    for asked in ({"sms": PHONE}, {"email": "ada@example.com", "phoneNumber": PHONE, "customer": "ALBERT"}):
        item = status(client, **asked)
        assert (item["result"], item["key"]) == (1, "")


def test_nothing_to_report_has_no_key(client: Client) -> None:
    assert status(client, accountNumber="10005")["key"] == ""


@pytest.mark.parametrize("query", ["", "contactList=ALL", "contactList=ALL&customer=ALBERT"])
def test_something_to_check_is_a_must(client: Client, query: str) -> None:
    assert client.get(f"{PATH}?{query}").status == 400


def test_calling_times_go_by_the_clock_of_the_phone(client: Client, sandbox: Sandbox) -> None:
    """It is noon in UTC: seven o'clock in Boston, two in the morning in Honolulu."""
    put(sandbox, "callingTimes", {"id": "1", "from": "08:00", "to": "21:00"})
    boston = status(client, phoneNumber=PHONE)
    assert (boston["result"], boston["exclusionType"], boston["nextValidRecallTime"]) == (0, 8, 3600)
    assert status(client, phoneNumber="8085550123")["nextValidRecallTime"] == 6 * 3600
    assert verdict(client, phoneNumber="5555550123") == (1, 0), "nobody knows where that is"


def test_a_customer_has_calling_times_of_their_own(client: Client, sandbox: Sandbox, clock: Clock) -> None:
    put(sandbox, "callingTimes", {"id": "1", "from": "06:00", "to": "07:00", "customer": "ALBERT"})
    assert verdict(client, phoneNumber=PHONE) == (1, 0)
    item = status(client, phoneNumber=PHONE, customer="ALBERT")
    assert (item["result"], item["exclusionType"], item["nextValidRecallTime"]) == (0, 9, 23 * 3600)
    pass_time(client, clock, 23 * 3600)
    assert verdict(client, phoneNumber=PHONE, customer="ALBERT") == (1, 0)


def test_a_telemarketing_purpose_plays_messages_under_conditions(client: Client, sandbox: Sandbox) -> None:
    name = [{"locale": "en-US", "value": "Sales"}]
    put(sandbox, "purposes", {"id": 1, "friendlyName": name, "purposeType": "Telemarketing"})
    assert status(client, phoneNumber=PHONE, purpose="Sales")["playMessageType"] == 2
    assert status(client, phoneNumber=PHONE, purpose="Service")["playMessageType"] == 0
