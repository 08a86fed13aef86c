"""How many requests go out, against an API with a fixed window and as single cases."""

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.alvaria.limit_headers import LimitSeen
from bridge.delivery import budget as budgets
from bridge.delivery.budget import TURNS, Budget, Rate, Wait, block, block_longer, give_back, learn, order_of, take
from bridge.model import Priority
from bridge.settings import Policy
from tests.delivery.fixed_window import Api, World
from tests.words import NOON

KNOWN = Budget(
    name="campaign", rate_limit=10, window_s=1, tokens=4, opened_at=NOON, resets_at=NOON + timedelta(seconds=1)
)


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def taken(budget: Budget, *, at: float = 0, configured: Rate | None = None) -> Budget:
    found = take(budget, configured=configured, now=NOON + later(at))
    assert isinstance(found, Budget), found
    return found


def refused(budget: Budget, *, at: float = 0, configured: Rate | None = None) -> Wait:
    found = take(budget, configured=configured, now=NOON + later(at))
    assert isinstance(found, Wait), found
    return found


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(2, 40),
    window_s=st.sampled_from([1.0, 2.0, 5.0, 60.0]),
    workers=st.integers(1, 24),
    slowest_s=st.floats(0.005, 1.0),
    aligned=st.booleans(),
    seed=st.integers(0, 999),
)
def test_a_known_limit_is_never_passed_when_it_is_what_holds_us_back(
    limit: int, window_s: float, workers: int, slowest_s: float, aligned: bool, seed: int
) -> None:
    assume((math.ceil(limit / workers) + 1) * slowest_s < 0.9 * window_s)
    api = Api(limit=limit, window_s=window_s, aligned=aligned)
    World(api=api, workers=workers, latency_s=(0.005, slowest_s), seed=seed).run(8 * window_s)
    assert {window: count for window, count in api.refused.items() if window > 1} == {}
    assert api.windows >= 4, "and the work goes on"


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize(("limit", "window_s", "windows"), [(10, 1, 40), (600, 60, 3)])
@pytest.mark.parametrize("workers", [1, 8, 32])
def test_work_without_end_uses_nearly_all_of_the_limit(
    limit: int, window_s: float, windows: int, workers: int, aligned: bool
) -> None:
    api, lasts_s = Api(limit=limit, window_s=window_s, aligned=aligned), windows * window_s
    World(api=api, workers=workers, latency_s=(0.02, 0.02)).run(lasts_s)
    assert len(api.accepted) >= 0.95 * limit * windows


@settings(max_examples=30, deadline=None)
@given(
    requests=st.integers(1, 20),
    window_s=st.sampled_from([0.3, 1.0, 7.0]),
    workers=st.integers(1, 12),
    seed=st.integers(),
)
def test_a_configured_rate_is_kept_from_the_first_request_on(
    requests: int, window_s: float, workers: int, seed: int
) -> None:
    api, rate = Api(limit=10**6, window_s=60), Rate(requests=requests, window_s=window_s)
    World(api=api, workers=workers, latency_s=(0.01, 0.01), configured=rate, seed=seed).run(10 * window_s)
    for first, at in enumerate(api.accepted):
        within = sum(at <= other < at + window_s for other in api.accepted[first:])
        assert within <= 2 * requests, "a full bucket and what flows in meanwhile"
    assert len(api.accepted) <= 11 * requests + 1


def test_the_stricter_of_both_rules_holds() -> None:
    api = Api(limit=10, window_s=1)
    World(api=api, workers=4, latency_s=(0.02, 0.02), configured=Rate(requests=4, window_s=1)).run(20)
    assert not api.refused
    assert 4 * 20 <= len(api.accepted) <= 4 * 21
    per_minute = Api(limit=30, window_s=60)
    World(api=per_minute, workers=4, latency_s=(0.02, 0.02), configured=Rate(requests=4, window_s=1)).run(120)
    assert not per_minute.refused
    assert 58 <= len(per_minute.accepted) <= 60


def test_where_nobody_has_said_a_limit_there_is_none() -> None:
    budget = Budget(name="campaign")
    for _ in range(1000):
        budget = taken(budget)
    assert budget.turn == 1000 % TURNS


def test_what_is_used_up_waits_for_the_end_of_its_window_and_then_all_is_there_again() -> None:
    empty = replace(KNOWN, tokens=0)
    wait = refused(empty, at=0.5)
    assert wait.until == KNOWN.resets_at
    assert "10 requests" in wait.reason
    renewed = taken(empty, at=1)
    assert (renewed.tokens, renewed.opened_at, renewed.resets_at) == (9, NOON + later(1), None)


def test_a_window_of_which_no_answer_ever_tells_ends_nevertheless() -> None:
    silent = replace(KNOWN, tokens=0, resets_at=None)
    assert refused(silent, at=0.5).until == NOON + later(0.6)
    assert taken(silent, at=2).tokens == 9


@pytest.mark.parametrize(
    ("seen", "sent", "now", "tokens", "ends"),
    [
        (None, 0.1, 0.2, 4, 1),
        (LimitSeen(limit=10, remaining=2), 0.1, 0.2, 2, 1),
        (LimitSeen(limit=10, remaining=9), 0.1, 0.2, 4, 1),
        (LimitSeen(limit=10, remaining=9, resets_at=NOON + later(0.9)), 0.1, 0.2, 4, 0.9),
        (LimitSeen(limit=10, remaining=1, resets_at=NOON + later(1.3)), 0.2, 0.3, 1, 1),
        (LimitSeen(limit=10, remaining=0, resets_at=NOON + later(0.5)), -0.1, 0.2, 4, 1),
        (LimitSeen(limit=10, remaining=8, resets_at=NOON + later(2.3)), 1.2, 1.3, 8, 2.3),
        (LimitSeen(limit=10, remaining=8, resets_at=NOON + later(60)), 0.1, 0.2, 8, 60),
    ],
    ids=["nothing", "fewer", "an old one", "a nearer end", "no farther end", "of the window before", "the next", "far"],
)
def test_what_an_answer_changes(seen: LimitSeen | None, sent: float, now: float, tokens: float, ends: float) -> None:
    budget = learn(KNOWN, seen, sent_at=NOON + later(sent), now=NOON + later(now))
    assert (budget.tokens, budget.resets_at) == (tokens, NOON + later(ends))


def test_the_first_answer_tells_the_limit_and_a_new_limit_counts_from_the_next_window_on() -> None:
    seen = LimitSeen(limit=10, remaining=9, resets_at=NOON + later(60))
    first = learn(Budget(name="campaign"), seen, sent_at=NOON, now=NOON)
    assert (first.rate_limit, first.tokens, first.window_s) == (10, 9, 60)
    more = learn(first, replace(seen, limit=100, remaining=98), sent_at=NOON, now=NOON + later(1))
    assert (more.rate_limit, more.tokens, more.window_s) == (100, 9, 59)
    assert taken(more, at=60).tokens == 99


def test_answers_that_name_no_limit_change_nothing_that_is_unknown() -> None:
    seen = LimitSeen(remaining=0, resets_at=NOON + later(5))
    assert learn(Budget(name="campaign"), seen, sent_at=NOON, now=NOON) == Budget(name="campaign")


@given(remaining=st.lists(st.integers(0, 12), max_size=12), ways=st.lists(st.floats(0, 0.4), min_size=12, max_size=12))
def test_within_a_window_tokens_only_fall_and_its_end_only_comes_nearer(
    remaining: list[int], ways: list[float]
) -> None:
    budgets_seen = [KNOWN]
    for left, way in zip(remaining, ways, strict=False):
        seen = LimitSeen(limit=10, remaining=left, resets_at=NOON + later(way + 1))
        budgets_seen.append(learn(budgets_seen[-1], seen, sent_at=NOON, now=NOON + later(way)))
    for before, after in pairwise(budgets_seen):
        assert after.tokens <= before.tokens
        assert after.resets_at is not None
        assert before.resets_at is not None
        assert after.resets_at <= before.resets_at


def test_what_was_not_sent_comes_back_but_not_into_another_window() -> None:
    assert give_back(taken(KNOWN)) == replace(KNOWN, turn=1)
    assert give_back(replace(KNOWN, tokens=10)).tokens == 10
    assert give_back(KNOWN, taken_at=NOON - later(0.1)).tokens == 4
    assert give_back(Budget(name="campaign")).tokens == 0
    rate = Rate(requests=1, window_s=60)
    used = taken(Budget(name="campaign"), configured=rate)
    assert refused(used, configured=rate).until == NOON + later(60)
    taken(give_back(used, configured=rate), configured=rate)


def test_a_block_is_never_shortened_and_outlives_a_new_window() -> None:
    blocked = block(block(KNOWN, NOON + later(9), "status 429"), NOON + later(3), "status 503")
    assert refused(blocked, at=8.9) == Wait(until=NOON + later(9), reason="status 429")
    taken(blocked, at=9)


def test_a_block_of_unknown_length_doubles_until_an_answer_comes_and_a_burst_counts_once() -> None:
    budget, at, waits = Budget(name="campaign"), NOON, []
    for _ in range(10):
        for _ in range(5):
            budget = block_longer(budget, "status 429", policy=Policy(), now=at)
        assert budget.blocked_until
        waits.append((budget.blocked_until - at).total_seconds())
        at = budget.blocked_until
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert budgets.answered(budget).failures == 0


def test_live_goes_first_and_nobody_is_left_out() -> None:
    first = Counter(order_of(turn)[0] for turn in range(TURNS, 2 * TURNS))
    assert first == {Priority.LIVE: 25, Priority.REPLAY: 4, Priority.BACKFILL: 2, Priority.CLEAN_OUT: 1}
    assert order_of(3) == (Priority.REPLAY, Priority.LIVE, Priority.BACKFILL, Priority.CLEAN_OUT)
    assert all(sorted(order_of(turn)) == list(Priority) for turn in range(TURNS))
