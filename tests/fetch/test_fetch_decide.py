"""The policy of reading as a table: what came, and what becomes of the events."""

from datetime import timedelta
from typing import Any

import pytest

from bridge.errors import NotReady, TokenRefused, Unreachable
from bridge.fetch.decide import Case, Later, Result, Unfetched, Untouched, judge
from bridge.model import Answer
from bridge.settings import Policy
from tests.words import NOON

AWAY = Unreachable("crm: fetch", "api.example.com", "ConnectTimeout", sent=False)


def case(**changes: Any) -> Case:
    usual = {
        "host": "api.example.com",
        "attempts": 0,
        "since": NOON,
        "give_up": timedelta(hours=24),
        "policy": Policy(base_s=2, cap_s=300),
        "now": NOON,
        "luck": 1.0,
    }
    return Case(**{**usual, **changes})


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status=status, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("result", [answer(200, {}), answer(207, []), answer(203, {"a": 1})])
def test_json_with_a_good_status_is_what_was_asked_for(result: Answer) -> None:
    assert judge(result, case()) is None


@pytest.mark.parametrize(
    ("result", "wait_s", "counts", "held_s"),
    [
        (answer(429, retry_after="40"), 40, False, 40),
        (answer(429, retry_after="Tue, 12 May 2026 09:31:00 GMT"), 60, False, 60),
        (answer(429), 10, False, 10),
        (answer(503, retry_after="7"), 7, False, 7),
        (answer(503), 2, True, None),
        (answer(500), 2, True, None),
        (answer(522), 2, True, None),
        (answer(408), 2, True, None),
        (answer(200), 2, True, None),
        (answer(204), 2, True, None),
        (answer(200, 7), 2, True, None),
        (answer(401), 2, True, 2),
        (answer(403), 2, True, 2),
        (answer(302), 2, True, 2),
        (AWAY, 2, True, 2),
        (TokenRefused("no"), 2, True, 2),
        (NotReady("set CRM_TOKEN"), 2, True, 2),
    ],
)
def test_what_may_pass_is_tried_again(result: Result, wait_s: int, counts: bool, held_s: int | None) -> None:
    verdict = judge(result, case())
    assert isinstance(verdict, Later)
    assert verdict.at == NOON + timedelta(seconds=wait_s)
    assert verdict.counts is counts
    assert verdict.held_until == (None if held_s is None else NOON + timedelta(seconds=held_s))


@pytest.mark.parametrize(
    ("attempts", "luck", "wait_s"), [(0, 1, 2), (1, 1, 4), (5, 1, 64), (7, 1, 256), (8, 1, 300), (999, 0.5, 150)]
)
def test_pauses_grow_and_are_spread(attempts: int, luck: float, wait_s: float) -> None:
    verdict = judge(AWAY, case(attempts=attempts, luck=luck))
    assert isinstance(verdict, Later)
    assert verdict.at == NOON + timedelta(seconds=wait_s)
    # The others of the source need not wait as long as the one that has failed so often.
    assert verdict.held_until == NOON + timedelta(seconds=min(wait_s, 10))


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_no_failure(status: int) -> None:
    verdict = judge(answer(status), case())
    assert isinstance(verdict, Untouched)
    assert f"api.example.com answered {status}" in verdict.note


@pytest.mark.parametrize("status", [400, 405, 406, 409, 415, 422, 451])
def test_what_would_be_refused_again_is_not_asked_again(status: int) -> None:
    verdict = judge(answer(status), case())
    assert isinstance(verdict, Unfetched)
    assert verdict.reason.startswith(f"api.example.com answered {status} ")


@pytest.mark.parametrize("result", [AWAY, answer(500), answer(401), TokenRefused("no")])
def test_after_so_long_it_is_given_up(result: Result) -> None:
    assert isinstance(judge(result, case(now=NOON + timedelta(hours=23, minutes=59))), Later)
    verdict = judge(result, case(now=NOON + timedelta(hours=24)))
    assert isinstance(verdict, Unfetched)
    assert verdict.reason.startswith("given up after 24 h: ")


def test_asking_to_wait_for_ever_is_not_given_up() -> None:
    assert isinstance(judge(answer(429, retry_after="60"), case(now=NOON + timedelta(days=9))), Later)
