"""POST /webhooks/<source>: each sample, as it is and altered, and what is answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from bridge import clock, wiring
from bridge.db import Database
from bridge.model import Received
from bridge.tables import events, webhooks
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.preset_cases import count, post
from tests.words import NOON, SAMPLES

ACK = "<Ack>true</Ack>"
NAMES = [name for name, sample in SAMPLES.items() if sample.source in ("hubspot", "salesforce", "generic")]
SIGNED = [name for name in NAMES if SAMPLES[name].source == "hubspot"]


@pytest.fixture
def web(bridge: Bridge) -> FlaskClient:
    return create_app(bridge).test_client()


def with_header(name: str, value: str | None) -> Callable[[Received], Received]:
    def change(request: Received) -> Received:
        kept = {known: text for known, text in request.headers.items() if known != name}
        return replace(request, headers=kept if value is None else {**kept, name: value})

    return change


def in_query(old: str, new: str) -> Callable[[Received], Received]:
    return lambda request: replace(request, url=request.url.replace(old, new))


def in_body(old: bytes, new: bytes) -> Callable[[Received], Received]:
    def change(request: Received) -> Received:
        assert old in request.body
        return replace(request, body=request.body.replace(old, new, 1))

    return change


def other_case(request: Received) -> Received:
    return replace(request, headers={name.upper(): value for name, value in request.headers.items()})


def serialised_again(request: Received) -> Received:
    return replace(request, body=json.dumps(json.loads(request.body)).encode())


def unchanged(request: Received) -> Received:
    return request


@dataclass(frozen=True)
class Case:
    sample: str
    what: str
    change: Callable[[Received], Received]
    status: int
    later_s: float = 0

    def __str__(self) -> str:
        return f"{self.sample}: {self.what}"


SIGNATURE = "x-hubspot-signature-v3"
STAMP = "x-hubspot-request-timestamp"
CUT = {name: SAMPLES[name].request.headers[SIGNATURE][:-4] for name in SIGNED}

CASES = [
    *(Case(name, "as it is", unchanged, 200) for name in NAMES),
    *(Case(name, "header names in another letter case", other_case, 200) for name in NAMES),
    *(Case(name, "299 s old", unchanged, 200, 299.417) for name in SIGNED),
    *(Case(name, "301 s old", unchanged, 401, 301.417) for name in SIGNED),
    *(Case(name, "301 s in the future", unchanged, 401, -301) for name in SIGNED),
    *(Case(name, "one byte flipped", in_body(b"0", b"1"), 401) for name in SIGNED),
    *(Case(name, "serialised again", serialised_again, 401) for name in SIGNED),
    *(Case(name, "signature cut", with_header(SIGNATURE, CUT[name]), 401) for name in SIGNED),
    *(Case(name, "signature empty", with_header(SIGNATURE, ""), 401) for name in SIGNED),
    *(Case(name, "no signature", with_header(SIGNATURE, None), 401) for name in SIGNED),
    *(Case(name, "signature of another kind", with_header(SIGNATURE, "sha256=ä"), 401) for name in SIGNED),
    *(Case(name, "no time stamp", with_header(STAMP, None), 401) for name in SIGNED),
    *(Case(name, "another time stamp", with_header(STAMP, "1778578200418"), 401) for name in SIGNED),
    *(Case(name, "a time stamp that is none", with_header(STAMP, "noon"), 401) for name in SIGNED),
    Case("hubspot/contact-batch.json", "another query", in_query("/hubspot", "/hubspot?a=b"), 401),
    Case("salesforce/contact-outbound-message.xml", "wrong key", in_query("key=sf", "key=xx"), 401),
    Case("salesforce/contact-outbound-message.xml", "key cut", in_query("5e2c90", "5e2c9"), 401),
    Case("salesforce/contact-outbound-message.xml", "no key", in_query("?key=sf-path-key-5e2c90", ""), 401),
    Case("salesforce/contact-outbound-message.xml", "another organisation", in_body(b"2Ao5EAE<", b"2Ao5EAX<"), 401),
    Case("generic/lead-created.json", "wrong key", with_header("x-api-key", "bridge-test-api-key-0f6e"), 401),
    Case("generic/lead-created.json", "key cut", with_header("x-api-key", "bridge-test-api-key-0f6"), 401),
    Case("generic/lead-created.json", "key empty", with_header("x-api-key", ""), 401),
    Case("generic/lead-created.json", "no key", with_header("x-api-key", None), 401),
    Case("generic/lead-created.json", "serialised again, which nobody signed", serialised_again, 200),
    Case("generic/lead-created.json", "unknown source", in_query("/generic", "/nobody"), 404),
    Case("generic/lead-created.json", "not JSON", in_body(b"{", b"<"), 200),
    Case("generic/lead-created.json", "too large", in_body(b"{", b"{" + b" " * 2_100_000), 413),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_how_a_request_is_answered(web: FlaskClient, bridge: Bridge, case: Case) -> None:
    clock.start_at(NOON + timedelta(seconds=case.later_s))
    answer = post(web, case.change(SAMPLES[case.sample].request))
    assert answer.status_code == case.status
    if case.status >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.json
        assert answer.json["status"] == case.status
        assert count(bridge, webhooks) == 0
    else:
        assert count(bridge, webhooks) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_second_sending_is_acknowledged_and_changes_nothing(web: FlaskClient, bridge: Bridge, name: str) -> None:
    request = SAMPLES[name].request
    first, before = post(web, request), count(bridge)
    second = post(web, request)
    assert (first.status_code, second.status_code) == (200, 200)
    assert count(bridge) == before > 0
    if "xml" in name:
        assert ACK in second.text
    else:
        assert second.json == {"received": before, "duplicates": before}


def test_salesforce_hears_its_own_acknowledgement(web: FlaskClient) -> None:
    answer = post(web, SAMPLES["salesforce/contact-outbound-message.xml"].request)
    assert answer.content_type == "text/xml; charset=utf-8"
    assert ACK in answer.text


def test_no_credential_reaches_the_database(web: FlaskClient, bridge: Bridge) -> None:
    for name in NAMES:
        post(web, SAMPLES[name].request)
    with bridge.database.reading() as conn:
        kept = repr(conn.execute(select(webhooks)).all()) + repr(conn.execute(select(events)).all())
    assert "FAKE.session.token" not in kept
    assert "sf-path-key" not in kept
    assert "bridge-test-api-key" not in kept


def test_a_verified_body_that_cannot_be_read_is_kept_and_acknowledged(web: FlaskClient, bridge: Bridge) -> None:
    request = replace(SAMPLES["generic/lead-created.json"].request, body=b'{"event": "lead.created", "lead": ')
    answer = post(web, request)
    assert answer.status_code == 200
    with bridge.database.reading() as conn:
        row = conn.execute(select(webhooks)).mappings().one()
    assert (row["state"], row["body"]) == ("unreadable", request.body)
    assert row["problem"]


def test_one_event_that_cannot_be_read_does_not_sink_the_others(web: FlaskClient, bridge: Bridge) -> None:
    request = SAMPLES["generic/lead-created.json"].request
    lead = json.loads(request.body)
    answer = post(web, replace(request, body=json.dumps([lead, {"event": "lead.created"}]).encode()))
    assert answer.status_code == 200
    with bridge.database.reading() as conn:
        assert sorted(conn.execute(select(events.c.state)).scalars()) == ["new", "unreadable"]


def test_a_source_without_its_secret_asks_the_sender_to_come_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(bridge.settings, environ={})
    unset = replace(bridge, settings=settings, catalogue=wiring.load_catalogue(settings))
    answer = post(create_app(unset).test_client(), SAMPLES["generic/lead-created.json"].request)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_without_a_database_nothing_is_accepted(bridge: Bridge) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    web = create_app(replace(bridge, database=away)).test_client()
    for name in NAMES:
        answer = post(web, SAMPLES[name].request)
        assert answer.status_code == 503
        assert ACK not in answer.text
    assert web.get("/readyz").status_code == 503
    assert web.get("/healthz").status_code == 200
    away.close()


def test_the_address_that_was_signed_comes_from_the_settings_and_not_from_the_request(web: FlaskClient) -> None:
    request = with_header("host", "10.0.0.7:8080")(SAMPLES["hubspot/contact-batch.json"].request)
    assert post(web, request).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused_in_our_form(web: FlaskClient, method: str) -> None:
    answer = web.open("/webhooks/generic", method=method)
    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"


def test_metrics_count_what_was_accepted_and_what_was_refused(web: FlaskClient) -> None:
    request = SAMPLES["generic/lead-created.json"].request
    post(web, request)
    post(web, with_header("x-api-key", "wrong")(request))
    text = web.get("/metrics").text
    assert 'bridge_webhooks_total{result="stored",source="generic"}' in text
    assert 'bridge_webhooks_total{result="forged",source="generic"}' in text


def test_an_unknown_address_says_where_webhooks_go(web: FlaskClient) -> None:
    answer = web.get("/webhook")
    assert answer.json
    assert "/webhooks/<source>" in answer.json["detail"]


def test_ready_says_yes_when_all_is_there(web: FlaskClient) -> None:
    assert web.get("/readyz").json == {"status": "ready", "reasons": [], "warnings": []}
