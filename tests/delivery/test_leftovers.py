"""A clock jumps by an hour or a month, and back: what it put off waits no longer than it may by one that is right."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.db import Database
from bridge.delivery import leftovers, store
from bridge.delivery import pause as pauses_of
from bridge.delivery.budget import LONGEST_BLOCK, Budget, Rate, within_reach
from bridge.delivery.pause import Cause, Pause, by_person
from bridge.delivery.turn import Sender
from bridge.sandbox.serve import Sandbox
from bridge.settings import Policy
from bridge.wiring import Bridge
from tests.delivery.test_deliver import at, cookies, fault, groups, mend, pauses, put, statuses, work
from tests.outbox.acts import claim, given, group, line, release, settle_doubts, states
from tests.words import NOON, upsert

HOUR_S, MONTH_S = 3_600, 30 * 86_400
SLACK = leftovers.SLACK
JUMPS = pytest.mark.parametrize("ahead_s", [HOUR_S, MONTH_S, -HOUR_S, -MONTH_S])


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def bring_back(sender: Sender, seconds: float) -> bool:
    return leftovers.bring_back(sender.database, sender.policy, NOON + later(seconds))


@JUMPS
def test_what_failed_by_a_wrong_clock_is_tried_again_in_time(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, ahead_s: int
) -> None:
    at(ahead_s)
    put(sandbox, "rate-limit", limit=10, window_s=1.0)
    fault(sandbox, status=500, times=1000)
    added = given(bridge.database, *groups(3), now=NOON + later(ahead_s))
    work(replace(sender, policy=replace(sender.policy, breaker_failures=1)))
    assert [pause.cause for pause in pauses(bridge)] == [Cause.OUTAGE]
    mend(sandbox)
    at(0)
    assert bring_back(sender, 0) == (ahead_s > 0)
    # A probe, then all that waits: as long as the longest pauses of both last.
    for seconds in (sender.policy.cap_s + 1, 2 * sender.policy.cap_s):
        at(seconds)
        work(sender)
    assert states(bridge.database, added) == ["delivered"] * 3
    assert pauses(bridge) == []
    assert not bring_back(sender, 2 * sender.policy.cap_s)


@JUMPS
def test_who_asked_a_wrong_clock_to_wait_is_asked_again_in_time(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, ahead_s: int
) -> None:
    at(ahead_s)
    fault(sandbox, status=429, headers={"Retry-After": "30"})
    added = given(bridge.database, group({"crm.a": "x"}), now=NOON + later(ahead_s))
    work(sender)
    at(0)
    bring_back(sender, 0)
    at(LONGEST_BLOCK.total_seconds() + 1)
    work(sender)
    assert states(bridge.database, added) == ["delivered"]
    assert statuses(sandbox) == [429, 204]


def test_who_asks_for_longer_is_asked_again_after_a_quarter_of_an_hour(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    at(0)
    fault(sandbox, status=429, headers={"Retry-After": "7200"})
    given(bridge.database, group({"crm.a": "x"}))
    work(sender)
    bring_back(sender, 0)
    at(LONGEST_BLOCK.total_seconds() - 30)
    work(sender)
    assert statuses(sandbox) == [429]
    at(LONGEST_BLOCK.total_seconds() + 1)
    work(sender)
    assert statuses(sandbox) == [429, 204]


def test_what_is_put_off_by_a_wrong_clock_goes_when_the_pause_is_over(bridge: Bridge, sender: Sender) -> None:
    with bridge.database.transaction() as conn:
        store.save_pause(conn, by_person("source:generic", "the night shift", NOON))
    at(HOUR_S)
    added = given(bridge.database, upsert())
    work(sender)
    with bridge.database.transaction() as conn:
        store.end_pause(conn, "source:generic")
    at(0)
    bring_back(sender, 0)
    work(sender)
    assert states(bridge.database, added) == ["delivered"]


@JUMPS
def test_a_doubt_of_a_wrong_clock_ends(bridge: Bridge, sandbox: Sandbox, sender: Sender, ahead_s: int) -> None:
    given(bridge.database, group({"crm.a": "x"}))
    claim(bridge.database)
    release(bridge.database, now=NOON + later(ahead_s))
    bring_back(sender, 0)
    doubt_s = sender.policy.doubt_s
    at(1)
    work(sender)
    for seconds in (doubt_s + 1, doubt_s + 2):
        at(seconds)
        settle_doubts(bridge.database, NOON + later(seconds))
        work(sender)
    assert line(bridge.database, "crm.a")["unsettled_until"] is None
    assert cookies(sandbox) == {"crm.a": "x"}


def test_where_all_clocks_are_right_nothing_is_touched(sender: Sender, database: Database) -> None:
    with database.transaction() as conn:
        store.save_budget(conn, replace(store.lock_budget(conn, "campaign"), blocked_until=NOON + LONGEST_BLOCK))
        store.save_pause(conn, Pause(name="all", cause=Cause.OUTAGE, reason="", since=NOON, probe_at=NOON))
    assert not bring_back(sender, -5), "a clock that is a little late is right"
    assert bring_back(sender, -60)


FULL = Budget(
    name="campaign",
    rate_limit=10,
    window_s=60,
    tokens=4,
    opened_at=NOON,
    resets_at=NOON + later(61),
    full_at=NOON + later(60),
    blocked_until=NOON + LONGEST_BLOCK,
)
RATE = Rate(requests=10, window_s=60)


def test_a_budget_lies_no_further_ahead_than_its_window() -> None:
    assert within_reach(FULL, configured=RATE, now=NOON, slack=SLACK) == FULL
    assert within_reach(FULL, configured=RATE, now=NOON - SLACK, slack=SLACK) == FULL
    earlier = NOON - later(HOUR_S)
    shifted = {
        name: getattr(FULL, name) - later(HOUR_S) for name in ("opened_at", "resets_at", "full_at", "blocked_until")
    }
    assert within_reach(FULL, configured=RATE, now=earlier, slack=SLACK) == replace(FULL, **shifted)


def test_a_pause_is_probed_within_its_interval() -> None:
    pause = Pause(name="all", cause=Cause.OUTAGE, reason="", since=NOON, probe_at=NOON + later(60), interval_s=60)
    assert pauses_of.within_reach(pause, now=NOON - SLACK, slack=SLACK) == pause
    earlier = NOON - later(HOUR_S)
    found = pauses_of.within_reach(pause, now=earlier, slack=SLACK)
    assert (found.since, found.probe_at) == (earlier, earlier + later(60))
    by_hand = by_person("all", "the night shift", NOON)
    assert pauses_of.within_reach(by_hand, now=NOON + later(1), slack=SLACK) == by_hand


def test_the_longest_wait_of_a_delivery_is_what_the_settings_say() -> None:
    assert leftovers.reach_of(Policy(cap_s=3), NOON).delivery == later(300)
    assert leftovers.reach_of(Policy(configuration_s=900), NOON).delivery == later(900)
