"""Why a delivery is not there: a sentence for each reason."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.delivery import store
from bridge.delivery.budget import Budget, Rate
from bridge.delivery.pause import Cause, Pause, by_person
from bridge.delivery.why import Circumstances, Claimant, why
from bridge.model import DeliveryState, Stamp
from bridge.outbox.plan import Room
from bridge.outbox.store.claim import Claim, claim
from bridge.wiring import Bridge
from tests.cli.conftest import Put, run
from tests.words import NOON, insert, upsert

LATER = NOON + timedelta(seconds=40)
UPSERT = "contextCookies.upsertSettings"
FULL = Budget(name="x")
ASKED = Budget(name="x", blocked_until=LATER, reason="status 429: slow down")
USED_UP = Budget(name="x", rate_limit=10, tokens=0, opened_at=NOON, resets_at=LATER)
PACED = Budget(name="x", full_at=NOON + timedelta(seconds=100))
OUTAGE = Pause(name="all", cause=Cause.OUTAGE, reason="status 503", since=NOON, probe_at=LATER)


def case(state: DeliveryState = DeliveryState.WAITING, reason: str = "", **changes: Any) -> Circumstances:
    own = {name: changes.pop(name) for name in ("attempts", "due_at") if name in changes}
    delivery = replace(upsert(), id=7, state=state, reason=reason, **{"due_at": NOON, **own})
    return Circumstances(**{"delivery": delivery, "now": NOON, "budget": FULL, "workers": 1, **changes})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (case(), "it is due; a worker takes it next"),
        (case(workers=0), "it is due, but no worker is alive; start one with: bridge run, or bridge worker"),
        (
            case(pause=by_person("source:generic", "a clean-up", NOON)),
            "What comes from generic is paused by a person, for 0 s now: a clean-up. Until a person resumes it. "
            "Then: bridge resume source:generic",
        ),
        (
            case(pause=OUTAGE),
            "Everything waits for Alvaria to answer again, for 0 s now: status 503. The next try is in 40 s",
        ),
        (
            case(ahead=replace(insert(), id=3, state=DeliveryState.CLAIMED)),
            "it waits for delivery 3 (claimed), which is older and has the same order key",
        ),
        (
            case(ahead=replace(insert(), id=3, state=DeliveryState.UNKNOWN)),
            "it waits for delivery 3 (unknown), which is older and has the same order key; "
            "decide about that one: bridge deliveries why 3",
        ),
        (
            case(budget=ASKED),
            "Alvaria has asked the category customerexperience to wait, 40 s more: status 429: slow down",
        ),
        (
            case(due_at=LATER, attempts=3, reason="status 503: away"),
            "it is tried again in 40 s, after attempt 3: status 503: away",
        ),
        (
            case(due_at=LATER, attempts=3, reason="status 503", workers=0),
            "it is tried again in 40 s, after attempt 3: status 503, but no worker is alive; "
            "start one with: bridge run, or bridge worker",
        ),
        (case(out_with=5), "one of its cookies is on its way with delivery 5; it goes when that is answered"),
        (
            case(budget=USED_UP),
            "the category customerexperience goes on in 40 s: "
            "the 10 requests that Alvaria takes in a window are used up",
        ),
        (
            case(budget=PACED, rate=Rate(requests=10, window_s=100)),
            "the category customerexperience goes on in 10 s: the settings allow 10 requests in 100 s",
        ),
        (
            case(DeliveryState.CLAIMED, claimant=Claimant(name="host/1/a", since=NOON, lives=True)),
            "it is being sent now, since 0 s, by the worker host/1/a",
        ),
        (
            case(DeliveryState.CLAIMED, claimant=Claimant(name="host/1/a", since=NOON, lives=False)),
            "the worker host/1/a took it 0 s ago and gives no sign of life; another one takes it over soon",
        ),
        (
            case(DeliveryState.CLAIMED, claimant=Claimant(name="host/1/a", since=NOON, lives=False), workers=0),
            "the worker host/1/a took it 0 s ago and gives no sign of life, and no other is alive; "
            "start one with: bridge run, or bridge worker",
        ),
        (
            case(DeliveryState.DEAD, reason="status 400: no such channel."),
            "it is dead: status 400: no such channel; mend the cause, then: bridge deliveries retry 7, "
            "or bridge dead replay",
        ),
        (
            case(DeliveryState.UNKNOWN, reason="no answer"),
            "it may have been carried out; look at Alvaria, then confirm, retry or discard it (no answer)",
        ),
        (
            case(DeliveryState.SUPERSEDED, newer=9),
            "it was not sent, since newer changes have taken its place: see delivery 9",
        ),
        (
            case(DeliveryState.UNCHANGED, reason="Alvaria has these values already"),
            "it is unchanged: Alvaria has these values already",
        ),
        (case(DeliveryState.DISCARDED, reason="a person discarded it"), "it is discarded: a person discarded it"),
        (case(DeliveryState.DELIVERED), "it is delivered"),
    ],
)
def test_each_reason_has_its_sentence(found: Circumstances, words: str) -> None:
    assert why(found) == words


def take(bridge: Bridge, worker: str, operation: str) -> None:
    with bridge.database.transaction() as conn:
        asked = Claim(worker=worker, now=NOON, room=Room(settings=100, bytes=100_000))
        assert claim(conn, operation, asked)


def test_a_cookie_that_is_out_and_what_it_was_superseded_by_are_found(bridge: Bridge, put: Put, a_worker: str) -> None:
    [older] = put(upsert())
    take(bridge, a_worker, UPSERT)
    assert f"by the worker {a_worker}" in run("deliveries", "why", str(older)).output
    later = NOON + timedelta(seconds=1)
    newer = {"changed_at": later, "stamp": Stamp(later, -1, later, 0, 1).as_text()}
    [second] = put(upsert(**newer), key="evt-2")
    assert f"on its way with delivery {older}" in run("deliveries", "why", str(second)).output
    [third] = put(upsert(), key="evt-3")
    with bridge.database.transaction() as conn:
        claim(conn, UPSERT, Claim(worker=a_worker, now=NOON, room=Room(settings=100, bytes=100_000)))
    assert f"see delivery {second}" in run("deliveries", "why", str(third)).output


def test_what_is_ahead_and_what_is_asked_to_wait_is_found(bridge: Bridge, put: Put, a_worker: str) -> None:
    first, second = put(insert(), insert(item=1))
    take(bridge, a_worker, "campaign.insertFastPathRecords")
    assert f"it waits for delivery {first} (claimed)" in run("deliveries", "why", str(second)).output
    with bridge.database.transaction() as conn:
        budget = store.lock_budget(conn, "customerexperience")
        store.save_budget(conn, replace(budget, blocked_until=NOON.replace(year=2027), reason="status 429"))
    [waiting] = put(upsert(), key="evt-2")
    assert "has asked the category" in run("deliveries", "why", str(waiting)).output
    assert run("pause", "generic").exit_code == 0
    assert "paused by a person" in run("deliveries", "why", str(waiting)).output


def test_without_a_worker_it_says_how_to_start_one(bridge: Bridge, put: Put) -> None:
    [waiting] = put(upsert())
    assert "no worker is alive; start one with: bridge run" in run("deliveries", "why", str(waiting)).output
