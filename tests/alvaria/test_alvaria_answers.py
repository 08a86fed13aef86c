"""Whatever the API says becomes an Answer, with its own words in one line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from filled import filled
from hypothesis import given
from hypothesis import strategies as st

from bridge.alvaria.answers import MAX_MESSAGE, read_answer, retry_after
from bridge.alvaria.operations import OPERATIONS, Operation
from bridge.model import Answer

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
BARE = {
    "code": "400",
    "message": "Validation exception",
    "errors": [{"scope": "global", "reason": "Invalid request", "message": "The value for the channel is invalid"}],
}
WRAPPED = {
    "error": {"errors": [{"scope": "s", "reason": "no such list", "message": ""}], "code": 404, "message": "Not Found"}
}
XML = (
    b'<?xml version="1.0"?><errorResponse><message>Validation exception</message>'
    b"<errors><message>a &amp; b</message></errors></errorResponse>"
)
HTML = b"<html><head><title>t</title></head><style>p {}</style><body><h1>502</h1>\n<p>Bad&nbsp;gateway</body></html>"


def encoded(content: object) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (encoded(BARE), "Validation exception. The value for the channel is invalid."),
        (encoded({**BARE, "code": 400}), "Validation exception. The value for the channel is invalid."),
        (encoded(WRAPPED), "Not Found. no such list."),
        (encoded({"message": "Same", "errors": [{"message": "Same"}, {"message": "Other!"}]}), "Same. Other!"),
        (encoded({"error": "invalid_scope", "error_description": "no"}), "invalid_scope."),
        (encoded({"error": {"message": None, "errors": "none"}}), ""),
        (encoded({"message": 7, "errors": [None, 7, {"message": ["x"]}]}), ""),
        (encoded({"message": "two\nlines\u0000 and\ttabs \ud800"}), "two lines and tabs ."),
        (encoded([1]), ""),
        (encoded("just text"), "just text"),
        (XML, "Validation exception a & b"),
        (HTML, "502 Bad gateway"),
        (b"", ""),
        (b" \r\n", ""),
        (encoded(BARE)[:-1], encoded(BARE)[:-1].decode()),
        (b"\xff\xfe\xfd not text", "��� not text"),
        (b"[" * 100_000, "[" * (MAX_MESSAGE - 1) + "…"),
        (b"9" * 5_000, "9" * (MAX_MESSAGE - 1) + "…"),
        (b'{"message": NaN}', '{"message": NaN}'),
    ],
)
def test_the_message_is_the_apis_own_words_in_one_line(body: bytes, message: str) -> None:
    assert read_answer(400, {}, body, 0.1).message == message


def test_long_words_are_bounded() -> None:
    message = read_answer(400, {}, encoded({"message": "w" * 10_000}), 0.1).message
    assert len(message) == MAX_MESSAGE
    assert message.endswith("…")


def test_a_success_has_a_body_and_no_message() -> None:
    answer = read_answer(201, {"X-Any": "1"}, encoded({"message": "fine"}), 0.25)
    assert answer == Answer(status=201, headers={"x-any": "1"}, body={"message": "fine"}, message="", took_s=0.25)


def test_nothing_is_none_and_what_is_no_json_is_text() -> None:
    assert read_answer(204, {}, b"", 0).body is None
    assert read_answer(200, {}, b"<a/>", 0).body == "<a/>"


def test_a_servers_cookies_are_not_kept() -> None:
    assert read_answer(200, {"Set-Cookie": "session=1", "Date": "d"}, b"", 0).headers == {"date": "d"}


@given(status=st.integers(100, 599), body=st.binary() | st.text().map(str.encode))
def test_no_body_whatever_breaks_the_reading(status: int, body: bytes) -> None:
    answer = read_answer(status, {}, body, 0)
    assert answer.status == status
    assert len(answer.message) <= MAX_MESSAGE
    assert answer.message.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "errors", "message", "reason"]), inner),
)


@given(content=json_values)
def test_no_shape_of_json_breaks_the_reading(content: object) -> None:
    assert read_answer(400, {}, encoded(content), 0).body == content


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"Retry-After": "30"}, 30),
        (503, {"RETRY-AFTER": " 0.5 "}, 0.5),
        (503, {"retry-after": "0"}, 0),
        (429, {"Retry-After": "Tue, 12 May 2026 09:31:00 GMT"}, 60),
        (429, {"Retry-After": "Tue, 12 May 2026 09:31:00 -0000"}, 60),
        (429, {"Retry-After": "Tue, 12 May 2026 09:00:00 GMT"}, 0),
        (429, {"Retry-After": "999999999"}, 86_400),
        (429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        (429, {"Retry-After": "-5"}, None),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": ""}, None),
        (429, {}, None),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, 12),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "12"}, 12),
        (429, {"X-RateLimit-Reset": "12"}, 12),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)}, 40),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) * 1000 + 40_000)}, 40),
        (429, {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "12"}, None),
        (429, {"Retry-After": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, 5),
        (500, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, None),
    ],
)
def test_when_the_api_wants_to_hear_from_us_again(status: int, headers: dict[str, str], wait_s: float | None) -> None:
    at = retry_after(read_answer(status, headers, b"", 0), NOW)
    assert at == (None if wait_s is None else NOW + timedelta(seconds=wait_s))


@given(text=st.text() | st.from_regex(r"[0-9a-zA-Z:,+ -]*"))
def test_no_header_whatever_breaks_the_reading_of_a_wait(text: str) -> None:
    at = retry_after(Answer(status=429, headers={"Retry-After": text}), NOW)
    assert at is None or NOW <= at <= NOW + timedelta(days=1)


REFUSALS = [
    (one, status, schema)
    for one in OPERATIONS.values()
    for status, schema in one.answers.items()
    if status >= 400 and schema
]
SHAPES = {(one.id.partition(".")[0], json.dumps(schema)): (one, status, schema) for one, status, schema in REFUSALS}


@pytest.mark.parametrize(("one", "status", "schema"), SHAPES.values(), ids=map(str, SHAPES))
def test_each_documented_refusal_is_read(one: Operation, status: int, schema: object) -> None:
    """Bare or wrapped, which differs by operation and, in Provisioning, by status."""
    told = filled(one.schemas, schema)
    assert read_answer(status, {}, encoded(told), 0).message == "the message."
    error = told.get("error", told)
    error["message"], error["errors"][0]["message"] = "Validation exception", "The channel is invalid"
    answer = read_answer(status, {}, encoded(told), 0)
    assert answer.message == "Validation exception. The channel is invalid."


def test_both_shapes_are_documented_and_only_a_401_and_one_404_have_no_words() -> None:
    assert {"error" in one.schemas.members(schema) for one, _, schema in REFUSALS} == {True, False}
    silent = {
        "any 401" if status == 401 else f"{one.id} {status}"
        for one in OPERATIONS.values()
        for status, schema in one.answers.items()
        if status >= 400 and not schema
    }
    assert silent == {"any 401", "provisioning.listWorkTypeAudioMessages 404"}
