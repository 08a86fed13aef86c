"""Records are read from a CRM over a real socket: once, in order, within its limits, and nothing is ever lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bridge import clock
from bridge.db import Database
from bridge.fetch import store
from bridge.fetch.fetch import Reader, fetch_next
from bridge.model import EventState
from bridge.settings import Policy
from bridge.sources.source import Source
from tests.alvaria.scripted import Act, Script, drip, hang, raw, reply, reset
from tests.fetch.conftest import MAPPING, OAUTH, SECRETS
from tests.fetch.crm_words import arrive, events, has, read_all, state_of, states
from tests.words import NOON

SourceOf = Callable[..., Source]
ReaderOf = Callable[..., Reader]


@pytest.fixture
def reader(source_of: SourceOf, reader_of: ReaderOf) -> Reader:
    return reader_of(source_of())


def test_a_record_is_read_and_kept_with_its_event(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.append(has(tier="gold", big=2**60 + 1, ssn="123", inner=[{"ssn": 4, "a": None}]))
    arrive(database, "a", record={"source": "web"})
    read_all(reader)
    [kept] = events(database)
    assert kept.state is EventState.NEW
    masked = {"ssn": "REDACTED", "inner": [{"ssn": "REDACTED", "a": None}]}
    assert kept.record == {"source": "web", "tier": "gold", "big": 2**60 + 1, **masked}
    [request] = crm.requests
    assert request.target == "/leads/7?properties=tier,phone"
    assert request.headers["authorization"] == "Bearer crm-token-7c"
    assert request.headers["accept"] == "application/json"


def test_what_the_event_says_to_have_changed_is_its_own(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.append(has(tier="silver", phone="+1", score=5))
    arrive(database, "a", record={"tier": "gold", "score": 80}, changed=("tier", "phone"))
    read_all(reader)
    assert events(database)[0].record == {"tier": "gold", "phone": "+1", "score": 5}


@pytest.mark.parametrize(
    ("record_id", "target"),
    [("a/b?c#d e", "/leads/a%2Fb%3Fc%23d%20e"), ("%2e%2e", "/leads/%252e%252e"), ("ß…", "/leads/%C3%9F%E2%80%A6")],
)
def test_whatever_an_id_holds_it_stays_one_piece_of_the_address(
    database: Database, crm: Script, reader: Reader, record_id: str, target: str
) -> None:
    crm.acts.append(has())
    arrive(database, "a", record_id=record_id)
    read_all(reader)
    assert crm.requests[0].target == f"{target}?properties=tier,phone"


@pytest.mark.parametrize("record_id", ["..", "."])
def test_an_id_that_would_ask_for_something_else_is_not_asked_for(
    database: Database, crm: Script, reader: Reader, record_id: str
) -> None:
    [number] = arrive(database, "a", record_id=record_id)
    read_all(reader)
    assert states(database) == ["unfetched"]
    assert "which is no id" in state_of(database, number).reason
    assert crm.requests == []


def test_what_needs_no_read_goes_on_without_one(database: Database, crm: Script, reader: Reader) -> None:
    arrive(database, "a", type="lead.deleted")
    read_all(reader)
    assert states(database) == ["new"]
    assert crm.requests == []


def test_one_read_serves_all_the_events_that_wait_for_a_record(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.append(has(tier="gold"))
    arrive(database, "a", "b", "c")
    read_all(reader)
    assert states(database) == ["new", "new", "new"]
    assert [one.record for one in events(database)] == [{"tier": "gold"}] * 3
    assert len(crm.requests) == 1


def test_a_later_event_that_needs_no_read_does_not_overtake(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.append(reply(500))
    arrive(database, "a")
    arrive(database, "b", type="lead.deleted")
    arrive(database, "c", record_id="8", type="lead.deleted")
    assert fetch_next(reader)  # looks at the first event of each record
    assert fetch_next(reader)
    assert states(database) == ["fetching", "fetching", "new"]
    crm.acts.append(has())
    read_all(reader)
    assert states(database) == ["new", "new", "new"]


def test_a_read_serves_what_had_changed_before_it_for_as_long_as_the_cache_says(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    reader = reader_of(source_of(MAPPING, "cache: 60s"))
    crm.acts.extend([has(tier="gold"), has(tier="silver"), has(tier="none")])
    arrive(database, "a")
    read_all(reader)
    clock.start_at(NOON + timedelta(seconds=30))
    arrive(database, "b", occurred_at=NOON - timedelta(seconds=20))
    read_all(reader)
    assert len(crm.requests) == 1
    arrive(database, "c", occurred_at=NOON + timedelta(seconds=1))
    read_all(reader)
    assert len(crm.requests) == 2
    clock.start_at(NOON + timedelta(seconds=91))
    arrive(database, "d", occurred_at=NOON - timedelta(seconds=20))
    read_all(reader)
    assert [one.record["tier"] for one in events(database)] == ["gold", "gold", "silver", "none"]


def test_without_a_cache_no_read_serves_what_comes_after_it(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.extend([has(tier="gold"), has(tier="silver")])
    arrive(database, "a")
    read_all(reader)
    arrive(database, "b", occurred_at=NOON - timedelta(hours=1))
    read_all(reader)
    assert events(database)[1].record == {"tier": "silver"}


def test_no_more_is_asked_within_a_time_than_the_rate_says(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    source = source_of(MAPPING, "rate: {limit: 2, per: 10s}")
    first, second = reader_of(source), reader_of(source, worker="test/2/b")
    crm.acts.extend([has(), has(), has()])
    for number in range(3):
        arrive(database, str(number), record_id=str(number))
    read_all(first)
    assert states(database) == ["new", "new", "fetching"]
    # Another worker, or this one after its restart, keeps to the same rate.
    with database.transaction() as conn:
        store.free(conn, [first.worker])
    clock.start_at(NOON + timedelta(seconds=9))
    read_all(second)
    assert len(crm.requests) == 2
    clock.start_at(NOON + timedelta(seconds=11))
    read_all(second)
    assert states(database) == ["new", "new", "new"]


def test_a_crm_that_asks_to_wait_is_obeyed_and_that_is_no_attempt(
    database: Database, crm: Script, reader: Reader
) -> None:
    crm.acts.extend([reply(429, {"token": "x"}, {"Retry-After": "30"}), has(), has()])
    [number] = arrive(database, "a")
    arrive(database, "b", record_id="8")
    read_all(reader)
    assert len(crm.requests) == 1
    waits = state_of(database, number)
    assert (waits.attempts, waits.reason) == (0, f"{crm.url[7:]} answered 429 Too Many Requests")
    clock.start_at(NOON + timedelta(seconds=31))
    read_all(reader)
    assert states(database) == ["new", "new"]


def refuse(status: int) -> list[Act]:
    return [reply(status, {"message": "No. crm-token-7c may not read /leads/7"})]


PASSING: dict[str, list[Act]] = {
    "500": refuse(500),
    "503": refuse(503),
    "a page": [reply(200, b"<html>Back soon</html>")],
    "no answer": [reset],
    "half an answer": [raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{")],
    "too much": [raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_100)],
    "unknown secret": refuse(401),
    "no rights": refuse(403),
    "elsewhere": [reply(302, None, {"Location": "http://127.0.0.1:1/"})],
}


@pytest.mark.parametrize("name", PASSING)
def test_after_passing_trouble_a_record_is_read_all_the_same(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf, name: str
) -> None:
    reader = reader_of(source_of())
    crm.acts.extend([*PASSING[name], has(tier="gold")])
    [number] = arrive(database, "a")
    assert fetch_next(reader)
    assert fetch_next(reader)
    shown = state_of(database, number)
    assert shown.attempts == 1
    assert shown.due_at
    assert states(database) == ["fetching"]
    assert not any(word in str(shown) for word in (*SECRETS.values(), "/leads"))
    read_all(reader)
    assert events(database)[0].record == {"tier": "gold"}
    assert len(crm.requests) == 2


@pytest.mark.parametrize("act", [hang, drip(b"HTTP/1.1 200 OK\r\n\r\n")], ids=["silent", "endless"])
def test_a_crm_that_never_ends_its_answer_is_left(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf, act: Act
) -> None:
    reader = reader_of(source_of(), total_s=0.2)
    crm.acts.append(act)
    [number] = arrive(database, "a")
    assert fetch_next(reader)
    assert fetch_next(reader)
    assert "no answer from 127.0.0.1" in state_of(database, number).reason
    crm.acts.append(has())
    read_all(reader_of(source_of()))
    assert states(database) == ["new"]


def test_while_a_crm_is_away_its_source_asks_for_nothing_else(database: Database, crm: Script, reader: Reader) -> None:
    # So long that chance, which shortens each pause, matters once in a million times.
    reader.policy = Policy(base_s=1e7, cap_s=1e7)
    crm.acts.append(reset)
    for record_id, kind in (("7", "lead.created"), ("8", "lead.created"), ("9", "lead.deleted")):
        arrive(database, record_id, record_id=record_id, type=kind)
    read_all(reader)
    assert len(crm.requests) == 1
    assert states(database) == ["fetching", "fetching", "new"]
    clock.start_at(NOON + timedelta(seconds=11))
    crm.acts.append(has())
    read_all(reader)
    assert states(database) == ["fetching", "new", "new"]


@pytest.mark.parametrize("status", [404, 410])
def test_what_the_crm_does_not_have_any_more_goes_on_without_it(
    database: Database, crm: Script, reader: Reader, status: int
) -> None:
    crm.acts.extend(refuse(status))
    [number] = arrive(database, "a", record={"tier": "gold"})
    read_all(reader)
    [kept] = events(database)
    assert (kept.state, kept.record, kept.problem) == ("new", {"tier": "gold"}, None)
    assert str(status) in str(state_of(database, number))


@pytest.mark.parametrize("answer", [reply(400), reply(422), reply(200, {"id": 7}), reply(200, {"properties": []})])
def test_a_refusal_leaves_the_event_unfetched_with_its_reason(
    database: Database, crm: Script, reader: Reader, answer: Act
) -> None:
    crm.acts.append(answer)
    arrive(database, "a")
    arrive(database, "b", type="lead.deleted")
    read_all(reader)
    assert states(database) == ["unfetched", "new"]
    assert "in the mapping" in (events(database)[0].problem or "")


def test_what_was_tried_for_long_enough_is_given_up_and_can_be_replayed(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    reader = reader_of(source_of(MAPPING, "give_up: 2h"))
    crm.acts.extend([*refuse(500), *refuse(500), has(tier="gold")])
    [number] = arrive(database, "a")
    assert fetch_next(reader)
    assert fetch_next(reader)
    clock.start_at(NOON + timedelta(hours=3))
    read_all(reader)
    assert states(database) == ["unfetched"]
    assert (events(database)[0].problem or "").startswith("given up after 2 h: ")
    with database.transaction() as conn:
        assert store.replay(conn, number)
        assert not store.replay(conn, number)
    assert events(database)[0].problem is None
    read_all(reader)
    assert events(database)[0].record == {"tier": "gold"}


def test_while_a_secret_is_rotated_both_values_are_tried(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    two = MAPPING.replace('["${CRM_TOKEN}"]', '["${CRM_TOKEN}", "${CRM_NEW}"]')
    crm.acts.extend([*refuse(401), has()])
    arrive(database, "a")
    read_all(reader_of(source_of(two, env={**SECRETS, "CRM_NEW": "new-1"})))
    assert states(database) == ["new"]
    assert [one.headers["authorization"] for one in crm.requests] == ["Bearer crm-token-7c", "Bearer new-1"]


def test_without_its_secret_a_source_waits_and_says_what_to_set(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    [number] = arrive(database, "a")
    reader = reader_of(source_of(env={}))
    assert fetch_next(reader)
    assert fetch_next(reader)
    assert "set CRM_TOKEN" in state_of(database, number).reason
    assert crm.requests == []


def test_any_header_may_carry_the_secret(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    key = MAPPING.replace("{bearer: api_token}", "{header: {name: X-Api-Key, secret: api_token}}")
    crm.acts.append(has())
    arrive(database, "a")
    read_all(reader_of(source_of(key, "headers: {Api-Version: '2'}")))
    headers = crm.requests[0].headers
    assert (headers["x-api-key"], headers["api-version"]) == ("crm-token-7c", "2")
    assert "authorization" not in headers


def test_a_token_is_fetched_once_and_renewed_when_it_is_refused(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    reader = reader_of(source_of(OAUTH))
    crm.acts.extend([has(), *refuse(401), has(tier="gold")])
    arrive(database, "a")
    arrive(database, "b", record_id="8")
    read_all(reader)
    assert [one.headers["authorization"] for one in crm.requests] == [f"Bearer token-{n}" for n in (1, 1, 2)]
    asked = crm.token_requests[0].body.decode()
    assert asked == "grant_type=client_credentials&client_id=app-1&client_secret=crm-secret-9d&scope=leads.read"
    assert events(database)[1].record == {"tier": "gold"}


def test_a_refresh_token_is_shown_where_there_is_one(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    refreshed = OAUTH.replace("client_secret: [", "refresh: [r-1], client_secret: [").replace(
        "scope: leads.read", "refresh_token: refresh, scheme: Zoho-oauthtoken"
    )
    crm.acts.append(has())
    arrive(database, "a")
    read_all(reader_of(source_of(refreshed)))
    assert b"grant_type=refresh_token&" in crm.token_requests[0].body
    assert b"&refresh_token=r-1" in crm.token_requests[0].body
    assert crm.requests[0].headers["authorization"] == "Zoho-oauthtoken token-1"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (reply(503), "sign-in: no answer from 127.0.0.1"),
        (reset, "sign-in: no answer|fetch: no answer"),
        (reply(400, {"error": "invalid_client"}), "refuses us (status 400, invalid_client); check the secrets"),
        (reply(200, {"access_token": ""}), "answered without a token; check the secrets"),
    ],
)
def test_while_the_token_service_is_down_nothing_is_asked_of_the_crm(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf, act: Act, said: str
) -> None:
    reader = reader_of(source_of(OAUTH))
    crm.token_acts.append(act)
    [number] = arrive(database, "a")
    assert fetch_next(reader)
    assert fetch_next(reader)
    assert any(words in state_of(database, number).reason for words in said.split("|"))
    assert crm.requests == []
    crm.acts.append(has())
    read_all(reader)
    assert states(database) == ["new"]


def test_only_one_worker_reads_for_a_source_until_it_has_ended(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    source = source_of()
    first, second = reader_of(source), reader_of(source, worker="test/2/b")
    crm.acts.extend([has(), has()])
    arrive(database, "a")
    read_all(first)
    arrive(database, "b")
    read_all(second)
    assert states(database) == ["new", "fetching"]
    with database.transaction() as conn:
        assert store.holders(conn) == [first.worker]
        store.free(conn, [first.worker])
    read_all(second)
    assert states(database) == ["new", "new"]


def test_what_became_of_an_event_meanwhile_stands(
    database: Database, crm: Script, source_of: SourceOf, reader_of: ReaderOf
) -> None:
    [number] = arrive(database, "a")
    reader = reader_of(source_of())
    assert fetch_next(reader)

    def let_go_first(handler: Any) -> None:
        with database.transaction() as conn:
            store.let_go(conn, "generic")
        has(tier="gold")(handler)

    crm.acts.append(let_go_first)
    assert fetch_next(reader)
    [kept] = events(database)
    assert (kept.state, kept.record) == ("new", {})
    assert state_of(database, number).due_at is None
