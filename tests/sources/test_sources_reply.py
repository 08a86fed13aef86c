"""What senders hear: a table of source × outcome -> answer."""

import json
from xml.etree.ElementTree import fromstring

import pytest

from bridge.sources.reply import ReplyKind, reply
from tests.sources.recorded import BATCH, INDEX, LEAD, SOAP, problems_of, source, source_of

FULL = """
  name: mine
  secrets: {key: one}
  verify: {static: {secret: key, header: X-Key}}
  read: {format: json}
  event: {type: "{{ item.type }}", record_id: "{{ item.id }}"}
"""


@pytest.mark.parametrize("sample", [BATCH, LEAD, SOAP])
@pytest.mark.parametrize("kind", [ReplyKind.STORED, ReplyKind.DUPLICATE, ReplyKind.UNREADABLE])
def test_what_is_kept_is_answered_with_the_status_that_the_sender_expects(sample: str, kind: ReplyKind) -> None:
    assert reply(source_of(sample), kind).status == INDEX[sample]["respond"]["status"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReplyKind.STORED, 202),
        (ReplyKind.DUPLICATE, 202),
        (ReplyKind.UNREADABLE, 202),
        (ReplyKind.FORGED, 401),
        (ReplyKind.UNKNOWN_SOURCE, 404),
        (ReplyKind.WRONG_METHOD, 405),
        (ReplyKind.TOO_LARGE, 413),
        (ReplyKind.OVERLOADED, 429),
        (ReplyKind.FAILED, 503),
        (ReplyKind.NOT_READY, 503),
    ],
)
def test_without_a_wish_of_the_source_the_usual_is_answered(kind: ReplyKind, status: int) -> None:
    assert (reply(source(FULL), kind).status, reply(None, kind).status) == (status, status)


def test_kept_events_are_counted() -> None:
    answer = reply(source_of(BATCH), ReplyKind.STORED, received=3, duplicates=1)
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"received": 3, "duplicates": 1}


def test_an_error_is_a_problem_with_a_sentence() -> None:
    answer = reply(None, ReplyKind.FAILED, detail="the database is away")
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.body) == {"title": "Service Unavailable", "status": 503, "detail": "the database is away"}


@pytest.mark.parametrize("kind", [ReplyKind.OVERLOADED, ReplyKind.FAILED, ReplyKind.NOT_READY])
def test_who_is_to_come_again_is_told_when(kind: ReplyKind) -> None:
    assert int(reply(source_of(BATCH), kind).headers["Retry-After"]) > 0


@pytest.mark.parametrize("kind", ReplyKind)
def test_salesforce_hears_an_acknowledgement_only_where_its_message_is_kept(kind: ReplyKind) -> None:
    answer = reply(source_of(SOAP), kind)
    if kind not in (ReplyKind.STORED, ReplyKind.DUPLICATE, ReplyKind.UNREADABLE):
        assert b"Ack" not in answer.body
        assert answer.status in (401, 404, 405, 413, 503)
        return
    ack = fromstring(answer.body).find(".//{http://soap.sforce.com/2005/09/outbound}Ack")  # noqa: S314  # our own answer
    assert ack is not None
    assert (ack.text, answer.content_type) == ("true", "text/xml; charset=utf-8")


def test_a_source_may_want_another_status_for_a_passing_failure() -> None:
    careful = source(FULL + "  reply: {failed: {status: 409}, overloaded: {status: 409}, not_ready: {status: 409}}")
    kinds = (ReplyKind.FAILED, ReplyKind.OVERLOADED, ReplyKind.NOT_READY)
    assert [reply(careful, kind).status for kind in kinds] == [409, 409, 409]


def test_who_wants_no_content_hears_none() -> None:
    answer = reply(source(FULL + "  reply: {stored: {status: 204}}"), ReplyKind.STORED, received=1)
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize("kind", [kind for kind in ReplyKind if kind not in ("unknown_source", "wrong_method")])
def test_nobody_is_told_to_go_away_for_good(kind: ReplyKind) -> None:
    _, problems = problems_of(FULL + f"  reply: {{{kind}: {{status: 410}}}}")
    assert [problem.path for problem in problems] == [f"source.reply.{kind}.status"]


def test_a_mapping_may_say_what_is_answered() -> None:
    polite = source(
        FULL + "  reply: {stored: {status: 201, content_type: text/plain, body: thanks, headers: {X-A: b}}}"
    )
    answer = reply(polite, ReplyKind.STORED)
    assert (answer.status, answer.content_type, answer.body, answer.headers) == (
        201,
        "text/plain",
        b"thanks",
        {"X-A": "b"},
    )
