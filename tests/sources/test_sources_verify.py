"""Who is believed: the recorded requests, as they are and as a forger would change them."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import BadSignature, NotReady, Unreadable
from bridge.sources.signing import sign
from bridge.sources.verify import verify
from tests.sources.recorded import (
    ALL,
    BATCH,
    ENCODED_URL,
    ENV,
    LEAD,
    SAMPLES,
    SOAP,
    posted,
    received,
    source,
    source_of,
)
from tests.words import NOON

V3 = "x-hubspot-signature-v3"
STAMP = "x-hubspot-request-timestamp"
SIGNED_AT = NOON + timedelta(milliseconds=417)
BODY = (SAMPLES / BATCH).read_bytes()
ENVELOPE = (SAMPLES / SOAP).read_bytes()


def refusal(sample: str, *, late: timedelta = timedelta(0), env: dict[str, str] | None = None, **changes: Any) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(source_of(sample, **(env or {})), received(sample, **changes), now=SIGNED_AT + late)
    return caught.value.reason


@pytest.mark.parametrize("sample", ALL)
def test_a_recorded_request_is_accepted_byte_for_byte(sample: str) -> None:
    verify(source_of(sample), received(sample), now=NOON)


@pytest.mark.parametrize(
    ("sample", "changes", "reason"),
    [
        (BATCH, {"headers": {V3: None}}, "missing_header"),
        (BATCH, {"headers": {V3: ""}}, "missing_header"),
        (BATCH, {"headers": {STAMP: None}}, "missing_header"),
        (BATCH, {"headers": {STAMP: "1778578200418"}}, "bad_signature"),
        (BATCH, {"headers": {STAMP: "yesterday"}}, "bad_timestamp"),
        (BATCH, {"headers": {STAMP: "9" * 18}}, "bad_timestamp"),
        (BATCH, {"headers": {V3: received(BATCH).headers[V3][:-4]}}, "bad_signature"),
        (BATCH, {"headers": {V3: "*" + received(BATCH).headers[V3]}}, "bad_signature"),
        (BATCH, {"headers": {V3: "ключ"}}, "bad_signature"),
        (BATCH, {"body": BODY.replace(b"salesqualifiedlead", b"salesqualifiedleaf")}, "bad_signature"),
        (BATCH, {"body": json.dumps(json.loads(BODY)).encode()}, "bad_signature"),
        (BATCH, {"body": b""}, "bad_signature"),
        (BATCH, {"method": "PUT"}, "bad_signature"),
        (BATCH, {"url": "http://bridge.example.com/webhooks/hubspot"}, "bad_signature"),
        (BATCH, {"url": "https://bridge.example.com/webhooks/hubspot?"}, "bad_signature"),
        (ENCODED_URL, {"url": "https://bridge.example.com/webhooks/hubspot"}, "bad_signature"),
        (SOAP, {"url": "https://bridge.example.com/webhooks/salesforce"}, "missing_key"),
        (SOAP, {"url": "https://bridge.example.com/webhooks/salesforce?key="}, "missing_key"),
        (SOAP, {"url": "https://bridge.example.com/webhooks/salesforce?key=sf-path-key-5e2c9"}, "bad_key"),
        (SOAP, {"url": "https://bridge.example.com/webhooks/salesforce?KEY=sf-path-key-5e2c90"}, "missing_key"),
        (SOAP, {"body": ENVELOPE.replace(b"00D5w0000002Ao5EAE", b"00D5w0000002Ao6EAE")}, "bad_constraint"),
        (SOAP, {"body": ENVELOPE.replace(b"OrganizationId", b"Organisation")}, "bad_constraint"),
        (SOAP, {"body": b"<cut", "url": "https://bridge.example.com/webhooks/salesforce?key=wrong"}, "bad_key"),
        (LEAD, {"headers": {"x-api-key": None}}, "missing_key"),
        (LEAD, {"headers": {"x-api-key": "bridge-test-api-key-0f6"}}, "bad_key"),
        (LEAD, {"headers": {"x-api-key": "ключ\udcff"}}, "bad_key"),
    ],
)
def test_a_changed_request_is_refused(sample: str, changes: dict[str, Any], reason: str) -> None:
    assert refusal(sample, **changes) == reason


@pytest.mark.parametrize(
    ("sample", "variable", "reason"),
    [
        (BATCH, "HUBSPOT", "bad_signature"),
        (ENCODED_URL, "HUBSPOT", "bad_signature"),
        (SOAP, "URL_KEY", "bad_key"),
        (SOAP, "ORGANIZATION", "bad_constraint"),
        (LEAD, "API_KEY", "bad_key"),
    ],
)
def test_a_wrong_secret_is_refused(sample: str, variable: str, reason: str) -> None:
    assert refusal(sample, env={variable: "another"}) == reason


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_request_may_be_five_minutes_off(seconds: int) -> None:
    verify(source_of(BATCH), received(BATCH), now=SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(("seconds", "reason"), [(301, "too_old"), (-301, "in_the_future")])
def test_a_second_more_than_five_minutes_is_too_much_either_way(seconds: int, reason: str) -> None:
    assert refusal(BATCH, late=timedelta(seconds=seconds)) == reason


WRITTEN_OUT = """
  name: mine
  secrets: {key: ['${OLD}', '${NEW}']}
  verify:
    hmac:
      digest: sha256
      secret: key
      message: [body]
      signature: {header: X-MINE-Signature, encoding: hex}
  read: {format: json}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
"""


@pytest.mark.parametrize(
    "env", [{"OLD": "one"}, {"NEW": "one"}, {"OLD": "one", "NEW": "two"}, {"OLD": "two", "NEW": "one"}]
)
def test_any_value_of_a_secret_being_rotated_is_accepted(env: dict[str, str]) -> None:
    request = sign(source(WRITTEN_OUT, {"OLD": "one"}), posted("{}"), now=NOON)
    verify(source(WRITTEN_OUT, env), request, now=NOON)


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_letter_case_of_hex_does_not_matter(change: Any) -> None:
    request = sign(source(WRITTEN_OUT, {"OLD": "one"}), posted("{}"), now=NOON)
    headers = {name: change(value) for name, value in request.headers.items()}
    verify(source(WRITTEN_OUT, {"OLD": "one"}), replace(request, headers=headers), now=NOON)


def test_a_header_may_be_named_in_any_letter_case_in_the_mapping() -> None:
    assert "x-mine-signature" in sign(source(WRITTEN_OUT, {"OLD": "one"}), posted("{}"), now=NOON).headers


@pytest.mark.parametrize("sample", ALL)
def test_a_sample_signed_afresh_is_accepted_at_its_new_time_and_not_at_its_old(sample: str) -> None:
    later = NOON + timedelta(days=90)
    fresh = sign(source_of(sample), received(sample, headers={}), now=later)
    verify(source_of(sample), fresh, now=later)
    if sample in (BATCH, ENCODED_URL):
        with pytest.raises(BadSignature, match="in_the_future"):
            verify(source_of(sample), fresh, now=NOON)


def test_signing_replaces_an_old_key_and_escapes_the_new_one() -> None:
    safe = source_of(SOAP, URL_KEY="a&b=c/d ü")
    fresh = sign(safe, received(SOAP, url="https://bridge.example.com/webhooks/salesforce?a=1&key=old"), now=NOON)
    assert fresh.url == "https://bridge.example.com/webhooks/salesforce?a=1&key=a%26b%3Dc%2Fd%20%C3%BC"
    verify(safe, fresh, now=NOON)


def test_a_secret_that_is_not_set_is_named_and_no_request_is_believed() -> None:
    bare = source(WRITTEN_OUT, {"OLD": "  "})
    assert bare.missing_secrets == ("OLD", "NEW")
    with pytest.raises(NotReady, match="set OLD or NEW"):
        verify(bare, posted("{}"), now=NOON)


def test_a_proved_sender_with_a_broken_body_is_unreadable_and_not_forged() -> None:
    with pytest.raises(Unreadable, match="not XML"):
        verify(source_of(SOAP), received(SOAP, body=ENVELOPE[:500]), now=NOON)


EITHER = """
  name: mine
  secrets: {key: '${KEY}', tenant: acme, spare: '${SPARE}'}
  verify:
    any:
      - all:
          - constraint: {value: "{{ body.tenant }}", secret: tenant}
          - static: {secret: key, header: X-Key}
      - static: {secret: spare, query: key}
  read: {format: json}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
"""


@pytest.mark.parametrize(
    ("body", "key", "error", "reason"),
    [
        ('{"tenant": "acme"}', "bad", BadSignature, "bad_key"),
        ('{"tenant": "other"}', "good", BadSignature, "bad_constraint"),
        ('{"tenant": null}', "good", BadSignature, "bad_constraint"),
        ("{", "good", Unreadable, "not JSON"),
        ("{", "bad", BadSignature, "bad_key"),
    ],
)
def test_forgery_outweighs_an_unreadable_body(body: str, key: str, error: type[Exception], reason: str) -> None:
    mine = source(EITHER, {"KEY": "good", "SPARE": "other"})
    with pytest.raises(error, match=reason):
        verify(mine, posted(body, {"x-key": key}), now=NOON)


def test_one_of_several_ways_is_enough() -> None:
    mine = source(EITHER, {"KEY": "good", "SPARE": "other"})
    by_header = posted('{"tenant": "acme"}', {"x-key": "good"})
    by_query = replace(posted("{}"), url="https://bridge.example.com/webhooks/mine?key=other")
    verify(mine, by_header, now=NOON)
    verify(mine, by_query, now=NOON)


@pytest.mark.parametrize("sample", ALL)
@settings(deadline=None)
@given(headers=st.dictionaries(st.sampled_from([V3, STAMP, "x-api-key"]), st.text()), url=st.text(), body=st.binary())
def test_whatever_comes_in_is_at_most_refused(sample: str, headers: dict[str, str], url: str, body: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(source_of(sample), received(sample, headers={"x-api-key": None} | headers, url=url, body=body), now=NOON)


@settings(deadline=None)
@given(body=st.binary() | st.text().map(str.encode))
def test_a_proved_sender_may_send_any_bytes(body: bytes) -> None:
    with pytest.raises((BadSignature, Unreadable)):
        verify(source_of(SOAP), received(SOAP, body=body), now=NOON)


def test_secrets_do_not_show() -> None:
    for sample in ALL:
        shown = repr(source_of(sample))
        assert not any(value in shown for value in ENV.values())
