"""How an address is tried, and whole CRMs without a preset: in YAML alone, through the web."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.alvaria.limits import Limits
from bridge.mappings.catalogue import load
from bridge.sources.handshake import handshake
from bridge.sources.source import METHODS
from bridge.tables import events, webhooks
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.preset_cases import count
from tests.sources.recorded import posted, problems_of, source

Web = Callable[[str], FlaskClient]
ADDRESS = "/webhooks/mine"
URL = f"https://bridge.example.com{ADDRESS}"


@pytest.fixture
def web_of(bridge: Bridge, tmp_path: Path) -> Web:
    """A web application whose only mapping is this source."""

    def build(yaml: str) -> FlaskClient:
        (tmp_path / "maps").mkdir()
        (tmp_path / "maps" / "mine.yaml").write_text(
            f'version: 1\nsource:{yaml}\ncustomer: "{{{{ event.record_id }}}}"\n'
        )
        catalogue = load(tmp_path / "maps", env={"SECRET": SECRET}, limits=Limits())
        assert [str(problem) for problem in catalogue.problems if problem.severity == "error"] == []
        return create_app(replace(bridge, catalogue=catalogue)).test_client()

    return build


def told(bridge: Bridge) -> list[tuple[str, str, str]]:
    with bridge.database.reading() as conn:
        return [tuple(row) for row in conn.execute(select(events.c.type, events.c.record_id, events.c.state))]


SECRET = "a shared secret of no less than 32 bytes"
REST = """
  name: mine
  secrets: {s: '${SECRET}'}
  verify: {static: {secret: s, header: X-Key}}
  read: {format: json}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
  handshake:
    - match: {json: challenge}
      answer: {echo: body}
    - match: {json: {type: url_verification, challenge: "*"}, members: [type, token, challenge]}
      answer: {echo: {json: challenge}}
    - match: {json: {kind: verify, data.code: "*"}, members: [kind, data]}
      answer: {echo: {json: data.code}, into: {json: code}}
    - match: {header: X-Hook-Secret}
      answer: {echo: {header: X-Hook-Secret}}
    - match: {header: Smartsheet-Hook-Challenge}
      answer: {echo: {header: Smartsheet-Hook-Challenge}, into: {header: Smartsheet-Hook-Response}}
    - match: {method: OPTIONS, header: WebHook-Request-Origin}
      answer:
        echo: {header: WebHook-Request-Origin}
        into: {header: WebHook-Allowed-Origin}
        headers: {WebHook-Allowed-Rate: "1000", Allow: "POST, OPTIONS"}
    - match: {method: HEAD}
      answer: {}
    - match: {method: GET, query: {hub.mode: subscribe, hub.challenge: "*"}}
      answer: {echo: {query: hub.challenge}}
    - match: {method: GET, query: validationToken}
      answer: {status: 201, echo: {query: validationToken}, content_type: text/x-token}
    - match: {method: GET, query: hello}
      answer: {body: hello yourself}
"""


AS_JSON = {"Content-Type": "application/json"}
AS_TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "text", "wanted"),
    [
        ("POST", "", {}, '{"challenge": "c-1"}', 200, '{"challenge": "c-1"}', AS_JSON),
        ("POST", "", {}, '{"type":"url_verification","token":"t","challenge":"c"}', 200, "c", {}),
        ("POST", "", {}, '{"kind":"verify","data":{"code":"c"}}', 200, '{"code": "c"}', AS_JSON),
        ("POST", "", {"X-Hook-Secret": "s3"}, "", 200, "", {"X-Hook-Secret": "s3"}),
        ("POST", "", {"smartsheet-hook-challenge": "x"}, "{}", 200, "", {"Smartsheet-Hook-Response": "x"}),
        (
            "OPTIONS", "", {"WebHook-Request-Origin": "crm.example"}, "", 200, "",
            {"WebHook-Allowed-Origin": "crm.example", "WebHook-Allowed-Rate": "1000", "Allow": "POST, OPTIONS"},
        ),
        ("HEAD", "", {}, "", 200, "", {}),
        ("GET", "?hub.mode=subscribe&hub.challenge=c%2B1", {}, "", 200, "c+1", AS_TEXT),
        ("GET", "?validationToken=<b>", {}, "", 201, "<b>", {"Content-Type": "text/x-token"}),
        ("GET", "?hello=1", {}, "", 200, "hello yourself", {}),
    ],
)  # fmt: skip
def test_a_trial_hears_what_it_wants_and_leaves_nothing(  # a row of the table
    web_of: Web, bridge: Bridge, method: str, path: str, headers: dict[str, str],
    body: str, status: int, text: str, wanted: dict[str, str],
) -> None:  # fmt: skip
    answer = web_of(REST).open(ADDRESS + path, method=method, headers=headers, data=body)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert count(bridge, webhooks) == 0


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("POST", "", {}, '{"challenge": "c", "id": 7}', 401),
        ("POST", "", {}, '{"challenge": 5}', 401),
        ("POST", "", {}, '{"challenge": "a\\nb"}', 401),
        ("POST", "", {}, json.dumps({"challenge": "c" * 5000}), 401),
        ("POST", "", {}, '["challenge"]', 401),
        ("POST", "", {}, '{"challenge": ', 401),
        ("POST", "", {}, '{"type":"event","token":"t","challenge":"c"}', 401),
        ("POST", "", {"X-Hook-Secret": ""}, "", 401),
        ("OPTIONS", "", {}, "", 405),
        ("GET", "", {}, "", 405),
        ("GET", "?hub.mode=unsubscribe&hub.challenge=c", {}, "", 405),
        ("GET", "?validationToken=", {}, "", 405),
        ("GET", "?validationToken=%0A", {}, "", 405),
        ("PUT", "", {}, '{"challenge": "c"}', 405),
    ],
)
def test_what_only_looks_like_a_trial_is_none(
    web_of: Web, bridge: Bridge, method: str, path: str, headers: dict[str, str], body: str, status: int
) -> None:
    answer = web_of(REST).open(ADDRESS + path, method=method, headers=headers, data=body)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert count(bridge, webhooks) == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_without_a_handshake_only_post_is_taken(web_of: Web, method: str) -> None:
    answer = web_of(REST.partition("  handshake:")[0]).open(ADDRESS, method=method)
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")


def test_an_address_can_be_tried_before_its_secret_is_set() -> None:
    bare = source(REST, {})
    assert bare.missing_secrets
    answer = handshake(bare, posted('{"challenge": "c"}'))
    assert answer
    assert answer.body == b'{"challenge": "c"}'


TRIALS = source(REST, {})


@settings(deadline=None)
@given(
    method=st.sampled_from(METHODS),
    query=st.sampled_from(["?validationToken=", "?hub.mode=subscribe&hub.challenge=", "?"]),
    said=st.text(),
    body=st.binary() | st.dictionaries(st.sampled_from(["challenge", "type", "token"]), st.text()).map(json.dumps),
)
def test_whatever_comes_in_is_a_trial_or_none_and_what_is_said_back_is_printable(
    method: str, query: str, said: str, body: bytes | str
) -> None:
    request = replace(posted(body, {"x-hook-secret": said}), method=method, url=URL + query + said)
    if answer := handshake(TRIALS, request):
        assert all(text.isprintable() for text in answer.headers.values())


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{match: {}, answer: {}}", "would match every webhook"),
        ("{match: {method: PUT}, answer: {}}", "'PUT' is not known"),
        ("{match: {method: GET, json: a}, answer: {}}", "only a POST has a body"),
        ("{match: {header: A}, answer: {echo: {query: a}}}", "answer.echo: may be missing"),
        ("{match: {header: A}, answer: {echo: body}}", "answer.echo: may be missing"),
        ("{match: {header: A}, answer: {echo: {header: A, query: b}}}", "says one thing back"),
        ("{match: {header: A}, answer: {into: {json: a}}}", "has nothing to say"),
        ("{match: {header: A}, answer: {echo: {header: A}, body: a}}", "says another thing"),
        ("{match: {header: A}, answer: {echo: {header: A}, into: {json: a, header: b}}}", "names two places"),
        ("{match: {header: A}, answer: {status: 410}}", "is not a whole number from 200 to 299"),
        ("{match: {heder: A}, answer: {}}", "unknown key, did you mean 'header'?"),
        ("{match: {header: A}}", "answer: is missing"),
    ],
)
def test_a_mistake_in_a_handshake_is_told(rule: str, problem: str) -> None:
    _, problems = problems_of(f"{REST.partition('  handshake:')[0]}  handshake: [{rule}]")
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]


WITH_TOKEN = """
  name: mine
  secrets: {signing_secret: '${SECRET}'}
  handshake:
    - match: {json: challenge}
      answer: {echo: body}
  verify:
    jwt: {secret: signing_secret, header: Authorization, aud: url, require: [exp, iat], covers_body: false}
  read: {format: json, events: event}
  event:
    type: "{{ item.type }}"
    record_id: "{{ item.pulseId }}"
    id: "{{ item.triggerUuid }}"
    occurred_at: "{{ item.changedAt }}"
    time: s
"""


def post(web: FlaskClient, body: bytes, headers: dict[str, str]) -> TestResponse:
    return web.post(ADDRESS, data=body, headers=headers, environ_overrides={"REQUEST_URI": ADDRESS})


def test_a_crm_with_a_token_and_a_challenge_needs_no_code(web_of: Web, bridge: Bridge) -> None:
    web = web_of(WITH_TOKEN)
    good = {"authorization": jwt.encode({"aud": URL, "exp": 1778578500, "iat": 1778578200}, SECRET)}
    forged = {"authorization": jwt.encode({"aud": URL, "exp": 1778578500, "iat": 1778578200}, SECRET[::-1])}
    event = {"type": "update_column_value", "pulseId": 2**53 + 1, "triggerUuid": "t1", "changedAt": 1778578199.5}
    body = json.dumps({"event": event}).encode()
    assert post(web, b'{"challenge": "3eZbrw1aB"}', {}).json == {"challenge": "3eZbrw1aB"}
    assert post(web, body, forged).status_code == 401
    assert count(bridge, webhooks) == 0
    assert post(web, body, good).json == {"received": 1, "duplicates": 0}
    assert post(web, body, good).json == {"received": 1, "duplicates": 1}
    assert told(bridge) == [("update_column_value", "9007199254740993", "new")]


WITH_FORM = """
  name: mine
  secrets: {key: '${SECRET}'}
  verify: {static: {secret: key, form: key}}
  read: {format: form}
  event:
    type: "contact.{{ item.type }}"
    record: "{{ item.contact }}"
    record_id: "{{ record.id }}"
    occurred_at: "{{ item.date_time }}"
    zone: utc
    tenant: "{{ item.account | default('') }}"
"""


def test_a_crm_that_sends_forms_needs_no_code(web_of: Web, bridge: Bridge) -> None:
    web = web_of(WITH_FORM)
    form = {"type": "update", "contact[id]": "7", "contact[tags][]": ["a", "b"], "date_time": "2026-05-12 09:29:58"}
    assert web.post(ADDRESS, data=form | {"key": "wrong"}).status_code == 401
    assert web.post(ADDRESS, data=form).status_code == 401
    assert web.post(ADDRESS, data=form | {"key": SECRET}).json == {"received": 1, "duplicates": 0}
    assert web.post(ADDRESS, data=form | {"key": SECRET}).json == {"received": 1, "duplicates": 1}
    assert told(bridge) == [("contact.update", "7", "new")]
    with bridge.database.reading() as conn:
        row = conn.execute(select(events.c.payload, webhooks.c.body).join(webhooks)).one()
    assert row.payload["record"] == {"id": "7", "tags": ["a", "b"]}
    assert b"key=REDACTED" in row.body
    assert SECRET.encode() not in row.body.replace(b"+", b" ")


WITH_HEX_KEY = """
  name: mine
  secrets: {signature_key: "6b657920696e2068657861646563696d616c2c20333220627974657320213f3f"}
  verify:
    hmac:
      digest: sha256
      secret: signature_key
      key: hex
      message: [timestamp, body]
      signature: {header: close-sig-hash, encoding: hex}
      timestamp: {header: close-sig-timestamp, format: s, tolerance: 5m}
  read: {format: json, events: event}
  event:
    type: "{{ item.object_type }}.{{ item.action }}"
    record: "{{ item.data }}"
    record_id: "{{ item.object_id }}"
    id: "{{ item.id }}"
    occurred_at: "{{ item.date_created }}"
    zone: utc
    changed: "{{ item.changed_fields }}"
  reply:
    stored: {status: 204}
    failed: {status: 409}
"""


def test_a_crm_with_a_hex_key_over_time_and_body_needs_no_code(web_of: Web, bridge: Bridge) -> None:
    web = web_of(WITH_HEX_KEY)
    event = {"id": "ev_1", "object_type": "lead", "action": "updated", "object_id": "lead_1"}
    event |= {"data": {"name": "Inês"}, "changed_fields": ["name"], "date_created": "2026-05-12T09:29:59.123456"}
    body = json.dumps({"event": event}).encode()
    signed = hmac.new(b"key in hexadecimal, 32 bytes !??", b"1778578200" + body, hashlib.sha256).hexdigest()
    headers = {"close-sig-timestamp": "1778578200", "close-sig-hash": signed}
    assert post(web, body, headers | {"close-sig-timestamp": "1778578201"}).status_code == 401
    assert post(web, body + b" ", headers).status_code == 401
    first = post(web, body, headers)
    assert (first.status_code, first.data) == (204, b"")
    assert post(web, body, headers).json == {"received": 1, "duplicates": 1}
    assert told(bridge) == [("lead.updated", "lead_1", "new")]
