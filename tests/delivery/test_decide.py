"""The retry policy as a table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.delivery.decide import Case, Trouble, TroubleKind, decide, is_about_contents, trouble_of
from bridge.errors import TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivered, Delivery, Retry, Unknown
from bridge.settings import Policy
from tests.words import NOON, insert, upsert

ONCE, AGAIN = insert(), upsert()
NOT_SENT = Unreachable("op", "host", "refused", sent=False)
MAYBE_SENT = Unreachable("op", "host", "timed out", sent=True)
NO_CERTIFICATE = Unreachable("op", "host", "SSLError", sent=False)
NO_ORGANISATION = Answer(status=404, message="Organization acme was not found.")


def answer(status: int, **headers: str) -> Answer:
    return Answer(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


TABLE = [
    # what came back                    again     once
    (answer(200), Delivered, Delivered),
    (answer(201), Delivered, Delivered),
    (answer(204), Delivered, Delivered),
    (answer(301), Retry, Unknown),
    (answer(400), Dead, Dead),
    (answer(401), Retry, Retry),
    (answer(403), Dead, Unknown),
    (answer(404), Retry, Dead),
    (answer(405), Dead, Dead),
    (answer(406), Dead, Unknown),
    (answer(408), Retry, Unknown),
    (answer(409), Dead, Unknown),
    (answer(413), Dead, Unknown),
    (answer(422), Dead, Unknown),
    (answer(425), Retry, Unknown),
    (answer(429), Retry, Retry),
    (answer(429, retry_after="7"), Retry, Retry),
    (answer(500), Retry, Unknown),
    (answer(501), Dead, Unknown),
    (answer(502), Retry, Unknown),
    (answer(503), Retry, Unknown),
    (answer(503, retry_after="7"), Retry, Retry),
    (answer(504), Retry, Unknown),
    (NOT_SENT, Retry, Retry),
    (MAYBE_SENT, Retry, Unknown),
    (NO_CERTIFICATE, Retry, Retry),
    (Unreachable("op", "host", "SSLError", sent=True), Retry, Unknown),
    (NO_ORGANISATION, Retry, Retry),
    (TokenRefused("no"), Retry, Retry),
]


def judged(result: object, delivery: Delivery, *, luck: float = 1.0, age_s: float = 0, **policy: float) -> object:
    old = type(delivery)(**{**vars(delivery), "waiting_since": NOON - timedelta(seconds=age_s)})
    return decide(result, Case(delivery=old, policy=Policy(**policy), now=NOON, luck=luck))  # type: ignore[arg-type]


@pytest.mark.parametrize(("result", "again", "once"), TABLE, ids=lambda value: str(getattr(value, "status", value)))
def test_what_becomes_of_a_delivery(result: object, again: type, once: type) -> None:
    assert type(judged(result, AGAIN)) is again
    assert type(judged(result, ONCE)) is once


@pytest.mark.parametrize(
    ("operation", "status", "kind"),
    [
        ("campaign.createFilter", 409, Dead),
        ("campaign.createFilter", 408, Unknown),
        ("campaign.createFilter", 422, Unknown),
        ("provisioning.createSystemExternal", 422, Dead),
        ("campaign.pauseJob", 409, Unknown),
        ("campaign.pauseJob", 500, Unknown),
        ("not.known", 409, Unknown),
    ],
)
def test_a_refusal_that_the_operation_documents_leaves_no_doubt(operation: str, status: int, kind: type) -> None:
    assert type(judged(answer(status), replace(ONCE, operation=operation))) is kind


def test_an_answer_that_names_a_time_is_obeyed() -> None:
    for status in (429, 503):
        verdict = judged(answer(status, retry_after="7"), AGAIN, luck=0)
        assert verdict == Retry(at=NOON + timedelta(seconds=7), reason=f"status {status}", counts=False)


@pytest.mark.parametrize(
    ("attempts", "luck", "wait_s"), [(0, 1.0, 2), (1, 1.0, 4), (3, 0.5, 8), (20, 1.0, 300), (2000, 1.0, 300), (9, 0, 0)]
)
def test_the_pause_grows_is_capped_and_is_spread(attempts: int, luck: float, wait_s: float) -> None:
    verdict = judged(answer(500), upsert(attempts=attempts), luck=luck)
    assert isinstance(verdict, Retry)
    assert verdict.at == NOON + timedelta(seconds=wait_s)
    assert verdict.counts


def test_what_has_failed_for_a_day_is_given_up_with_the_last_reason() -> None:
    assert isinstance(judged(answer(500), AGAIN, age_s=86_399), Retry)
    assert judged(answer(500), AGAIN, age_s=86_400) == Dead(reason="given up after 24 h: status 500")


def test_waiting_for_a_better_configuration_never_gives_up_and_costs_no_attempt() -> None:
    for result in (answer(401), answer(404), answer(307), TokenRefused("no"), NO_CERTIFICATE, NO_ORGANISATION):
        verdict = judged(result, AGAIN, age_s=1_000_000)
        assert isinstance(verdict, Retry)
        assert not verdict.counts
        assert verdict.at == NOON + timedelta(seconds=60)


def test_the_apis_own_words_are_kept() -> None:
    words = Answer(status=400, message="Validation exception: The value for the channel is invalid")
    assert judged(words, AGAIN) == Dead(reason="status 400: Validation exception: The value for the channel is invalid")


def test_a_doubt_says_that_it_may_have_been_carried_out() -> None:
    verdict = judged(answer(500), ONCE)
    assert isinstance(verdict, Unknown)
    assert "may have been carried out" in verdict.reason


@pytest.mark.parametrize(
    ("result", "in_doubt"),
    [
        *((answer(status), True) for status in (408, 500, 502, 503, 504)),
        *((answer(status), False) for status in (301, 401, 425, 429)),
        (answer(503, retry_after="7"), False),
        (MAYBE_SENT, True),
        (NOT_SENT, False),
        (NO_CERTIFICATE, False),
        (TokenRefused("no"), False),
    ],
    ids=str,
)
def test_a_retry_knows_whether_the_request_may_still_be_carried_out(result: object, in_doubt: bool) -> None:
    verdict = judged(result, AGAIN)
    assert isinstance(verdict, Retry)
    assert verdict.in_doubt is in_doubt


LIMIT, OUTAGE, CONFIGURATION = TroubleKind.LIMIT, TroubleKind.OUTAGE, TroubleKind.CONFIGURATION


@pytest.mark.parametrize(
    ("result", "kind", "whole"),
    [
        *((answer(status), None, None) for status in (200, 204, 400, 403, 409, 413, 422, 425, 501)),
        *((answer(status), OUTAGE, False) for status in (408, 500, 502, 503, 504)),
        *((answer(status), CONFIGURATION, True) for status in (301, 308, 401)),
        (answer(429), LIMIT, False),
        (answer(503, retry_after="7"), LIMIT, False),
        (answer(503, retry_after="soon"), OUTAGE, False),
        (NOT_SENT, OUTAGE, False),
        (MAYBE_SENT, OUTAGE, False),
        (Unreachable("sign-in", "host", "status 503", sent=False), OUTAGE, True),
        (NO_CERTIFICATE, CONFIGURATION, True),
        (NO_ORGANISATION, CONFIGURATION, True),
        (TokenRefused("no"), CONFIGURATION, True),
    ],
    ids=str,
)
def test_what_a_result_means_for_the_deliveries_after_it(
    result: object, kind: TroubleKind | None, whole: bool | None
) -> None:
    found = trouble_of(result, NOON, operation_id=AGAIN.operation)  # type: ignore[arg-type]
    assert (found and (found.kind, found.whole)) == (kind and (kind, whole))


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("contextCookies.upsertSettings", CONFIGURATION),
        ("contextCookies.deleteSettings", CONFIGURATION),
        ("campaign.listLists", CONFIGURATION),
        ("campaign.insertFastPathRecords", None),
        ("campaign.getList", None),
    ],
)
def test_a_404_means_the_organisation_where_the_address_names_nothing_else(
    operation: str, kind: TroubleKind | None
) -> None:
    found = trouble_of(answer(404), NOON, operation_id=operation)
    assert (found and found.kind) == kind
    assert type(judged(answer(404), replace(AGAIN, operation=operation))) is (Retry if kind else Dead)


def test_trouble_says_until_when_to_wait_and_what_to_check() -> None:
    found = trouble_of(answer(429, retry_after="7"), NOON, operation_id=AGAIN.operation)
    assert found == Trouble(kind=LIMIT, reason="status 429", whole=False, until=NOON + timedelta(seconds=7))
    found = trouble_of(NO_ORGANISATION, NOON, operation_id=ONCE.operation)
    assert found is not None
    assert "Organization acme was not found" in found.reason
    assert "check ALVARIA_ORG_ID" in found.reason


def test_only_what_is_about_the_contents_is_taken_apart() -> None:
    statuses = {status for status in range(200, 600) if is_about_contents(answer(status))}
    assert statuses == {400, 413, 422}
    assert not is_about_contents(MAYBE_SENT)
