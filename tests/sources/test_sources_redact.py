"""What is stored: the request as it came, but for its secrets."""

from dataclasses import replace

import pytest

from bridge.sources.read import read
from bridge.sources.redact import MASK, redact
from tests.sources.recorded import ALL, BATCH, ENV, INDEX, LEAD, SOAP, posted, received, source, source_of

SESSION = b"00D5w0000002Ao5!AQ4AQFAKE.session.token.for.tests.only"


def test_the_session_of_salesforce_is_cut_out_of_the_bytes_and_nothing_else_is() -> None:
    request = received(SOAP)
    assert redact(source_of(SOAP), request).body == request.body.replace(SESSION, MASK.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"<a:SessionId xmlns:a='b'>secret</a:SessionId>",
        b"<SessionId\n>secret</SessionId\n>",
        b"<SessionId><![CDATA[secret]]></SessionId>",
        b"<x><SessionId>one secret</SessionId><SessionId>another secret</SessionId></x>",
        b"<SessionId>secret is cut o",
        "<?xml version='1.0' encoding='utf-16'?><SessionId>secret</SessionId>".encode("utf-16"),
        "<SessionId>secret</SessionId>".encode("utf-16-be"),
        b"\xff\xfe<\0",
    ],
)
def test_a_session_is_cut_out_however_it_is_written_and_where_nothing_can_be_read(body: bytes) -> None:
    assert b"secret" not in redact(source_of(SOAP), posted(body)).body.replace(b"\0", b"")


@pytest.mark.parametrize("body", [b'<x><SessionId xsi:nil="true"/><y>kept</y></x>', b"<SessionIds>kept</SessionIds>"])
def test_what_only_looks_like_a_session_is_kept(body: bytes) -> None:
    assert redact(source_of(SOAP), posted(body)).body == body


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://b.example/w?key=s3cret", "https://b.example/w?key=REDACTED"),
        ("https://b.example/w?a=%2F&key=s3cret&b=", "https://b.example/w?a=%2F&key=REDACTED&b="),
        ("https://b.example/w?k%65y=s3cret&KEY=s3cret", "https://b.example/w?k%65y=REDACTED&KEY=REDACTED"),
        ("https://b.example/w?monkey=banana", "https://b.example/w?monkey=banana"),
        ("https://b.example/key=1", "https://b.example/key=1"),
    ],
)
def test_the_key_in_the_query_is_redacted_and_the_rest_of_the_url_kept(url: str, safe: str) -> None:
    assert redact(source_of(SOAP), received(SOAP, url=url)).url == safe


@pytest.mark.parametrize("name", ["authorization", "cookie", "proxy-authorization", "x-api-key"])
def test_headers_that_carry_credentials_are_always_redacted(name: str) -> None:
    safe = redact(source_of(BATCH), received(BATCH, headers={name: "s3cret"}))
    assert safe.headers == {**received(BATCH).headers, name: MASK}


@pytest.mark.parametrize("sample", ALL)
def test_no_secret_is_left_in_what_is_stored(sample: str) -> None:
    stored = repr(redact(source_of(sample), received(sample))) + repr(read(source_of(sample), received(sample)))
    secrets = {*ENV.values(), SESSION.decode()} - {INDEX[SOAP]["secrets"]["OrganizationId"]}
    assert not any(secret in stored for secret in secrets)


MASKING = """
  name: mine
  preset: generic
  secrets: {api_key: '${API_KEY}'}
  redact: {headers: [X-Trace], query: [Token], body: [token, schlüssel]}
"""


@pytest.mark.parametrize(
    ("body", "safe"),
    [
        ('{"token": "a\\"b", "x": 1}', '{"token": "REDACTED", "x": 1}'),
        ('{"x":{"token" :\n{"a":[1]}}, "token":null}', '{"x":{"token" :\n"REDACTED"}, "token":"REDACTED"}'),
        ('{"schlüssel": "ü", "ü": 1.0}', '{"schlüssel": "REDACTED", "ü": 1.0}'),
        ('{"tokens": 1, "x": "token"}', '{"tokens": 1, "x": "token"}'),
        ('{"x": "\\"token\\": \\"kept\\""}', '{"x": "\\"token\\": \\"kept\\""}'),
        ('{"token": "cut of', '{"token": "REDACTED"'),
        ('{"token": {"token": 1}}', '{"token": "REDACTED"}'),
    ],
)
def test_json_members_are_redacted_wherever_they_stand(body: str, safe: str) -> None:
    assert redact(source(MASKING), posted(body)).body.decode() == safe


FORM = """
  name: mine
  secrets: {s: x}
  verify: {static: {secret: s, form: "auth[key]"}}
  read: {format: FORMAT}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
  redact: {body: [token, schlüssel]}
"""


@pytest.mark.parametrize(
    ("body", "safe"),
    [
        ("auth%5Bkey%5D=s3cret&id=7", "auth%5Bkey%5D=REDACTED&id=7"),
        ("auth[key]=s3cret&b=%2F+%c3", "auth[key]=REDACTED&b=%2F+%c3"),
        ("token=s3cret&token=s3cret", "token=REDACTED&token=REDACTED"),
        ("schl%C3%BCssel=s3cret&schlüssel=s3cret", "schl%C3%BCssel=REDACTED&schlüssel=REDACTED"),
        (
            "p=%7B%22token%22%3A%22s3cret%22%2C%22%C3%BC%22%3A1%7D",
            "p=%7B%22token%22%3A%22REDACTED%22%2C%22%C3%BC%22%3A1%7D",
        ),
        ("tokens=kept&x=token", "tokens=kept&x=token"),
    ],
)
@pytest.mark.parametrize("written", ["form", "auto"])
def test_fields_of_a_form_are_redacted_and_json_in_them(written: str, body: str, safe: str) -> None:
    assert redact(source(FORM.replace("FORMAT", written)), posted(body)).body.decode() == safe


@pytest.mark.parametrize(
    "body",
    [
        b' {"token": "s3cret", "url": "https://x?a=1&token=kept"}',
        b'\xef\xbb\xbf{"token": "s3cret", "url": "token=kept"}',
        '{"token": "s3cret", "url": "token=kept"}'.encode("utf-16"),
        b"<r><token>s3cret</token><url>?a=1&amp;token=kept</url></r>",
    ],
)
def test_the_first_letter_says_what_is_redacted_where_the_header_may_be_wrong(body: bytes) -> None:
    request = posted(body, {"content-type": "application/x-www-form-urlencoded"})
    safe = redact(source(FORM.replace("FORMAT", "auto")), request).body.replace(b"\0", b"")
    assert (b"s3cret" in safe, b"kept" in safe) == (False, True)


@pytest.mark.parametrize(
    ("check", "body", "url", "headers"),
    [
        ("static: {secret: s, json: auth.pass}", '{"auth": {"pass": "s3cret"}}', "", {}),
        ("jwt: {secret: s, query: jwt, covers_body: false}", "{}", "?jwt=s3cret", {}),
        ("jwt: {secret: s, header: X-Token, covers_body: false}", "{}", "", {"x-token": "s3cret"}),
        ("static: {basic: {user: s, password: s}}", "{}", "", {"authorization": "Basic s3cret"}),
        ("static: {secret: s, header: X-Auth, scheme: Token}", "{}", "", {"x-auth": "Token s3cret"}),
    ],
)
def test_wherever_a_secret_is_sent_along_it_is_redacted(
    check: str, body: str, url: str, headers: dict[str, str]
) -> None:
    yaml = FORM.replace("FORMAT", "json").replace('static: {secret: s, form: "auth[key]"}', check)
    safe = redact(source(yaml), replace(posted(body, headers), url=f"https://b.example/w{url}"))
    assert "s3cret" not in repr(safe)
    assert "REDACTED" in repr(safe)


def test_a_mapping_may_redact_more_than_its_preset() -> None:
    request = received(LEAD, headers={"x-trace": "t"}, url="https://b.example/w?token=t")
    safe = redact(source(MASKING), request)
    assert (safe.headers["x-trace"], safe.headers["x-api-key"]) == (MASK, MASK)
    assert safe.url.endswith("token=REDACTED")


def test_events_hold_what_is_left_after_redaction() -> None:
    (event,) = read(source(MASKING), posted('{"type": "a", "id": 1, "token": "t"}', {"x-trace": "t"}))
    assert (event.body["token"], event.record["token"], event.headers) == (MASK, MASK, {"x-trace": MASK})
