"""Which of two changes is the newer one, as a table."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest

from bridge.mappings.newest import changed_at, stamp
from bridge.model import Event
from tests.mappings.conftest import NOW

EventOf = Callable[..., Event]
LATER = NOW + timedelta(seconds=1)
SOON = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"occurred_at": NOW}, {"occurred_at": LATER}),
        ({"occurred_at": NOW, "received_at": SOON, "sequence": 9}, {"occurred_at": LATER, "sequence": 1}),
        ({"sequence": 9, "received_at": SOON}, {"sequence": 10}),
        ({"sequence": None, "received_at": SOON}, {"sequence": 0}),
        ({"sequence": 2**60}, {"sequence": 2**60 + 1}),
        ({"received_at": NOW, "id": 9}, {"received_at": LATER, "id": 8}),
        ({"id": 8, "translation": 5}, {"id": 9, "translation": 1}),
        ({"id": 8, "translation": 1}, {"id": 8, "translation": 2}),
        # Two that run ahead of our clock are told apart by their arrival: neither of their times is believed.
        ({"occurred_at": SOON + timedelta(days=9)}, {"occurred_at": SOON, "id": 1}),
        ({"occurred_at": NOW + timedelta(minutes=4)}, {"occurred_at": SOON}),
    ],
)
def test_the_newer_of_two_changes(event_of: EventOf, older: dict[str, Any], newer: dict[str, Any]) -> None:
    one, other = (stamp(event_of(**said), number) for said, number in map(split, (older, newer)))
    assert one < other


def split(said: dict[str, Any]) -> tuple[dict[str, Any], int]:
    return {name: value for name, value in said.items() if name != "translation"}, said.get("translation", 1)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5, seconds=1), timedelta(days=9_000)])
def test_a_clock_that_runs_ahead_is_believed_for_five_minutes(event_of: EventOf, ahead: timedelta) -> None:
    assert changed_at(event_of(occurred_at=NOW + ahead)) == NOW + timedelta(minutes=5)


def test_any_changes_stand_in_one_order(event_of: EventOf) -> None:
    moments = (None, 0, 7)
    events = [event_of(occurred_at=at, sequence=count, id=7) for at in (NOW, LATER) for count in moments]
    stamps = [stamp(event) for event in events]
    for order in permutations(stamps):
        assert all(one < other for one, other in pairwise(sorted(order)))
        assert sorted(order) == stamps
