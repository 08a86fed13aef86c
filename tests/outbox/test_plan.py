"""The decisions of latest-wins, as tables: what becomes of a write, of a delivery, and what shares a request."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.model import CookieName, DeliveryState
from bridge.outbox.plan import (
    Fate,
    Item,
    Judged,
    Line,
    Room,
    Write,
    WriteState,
    batch,
    fate,
    judge,
    name_of,
    sha256,
    size,
    stamped,
    writes_of,
)
from tests.outbox.acts import deletion, group, later
from tests.words import NOON, insert, upsert

DAY = timedelta(days=1)
NOTHING = Line()


def write(key: str = "crm.a", *, number: int = 5, stamp: str = "5", ends: int = 100, **changes: Any) -> Write:
    """Wants "x" for so many days."""
    name = CookieName(customer="7", key=key, channel="all", service="")
    member = {"content": "x", "expiresOnTime": (NOON + ends * DAY).isoformat()}
    usual = {"place": 0, "name": name, "state": WriteState.WAITING, "member": member, "line": NOTHING}
    return Write(delivery_id=number, stamp=stamp, **{**usual, **changes})


def has(content: str = "x", *, ends: int = 90, **changes: Any) -> Line:
    """Alvaria has this value, from an older change."""
    usual = {"stamp": "4", "written_by": 4, "content_sha256": sha256(content), "expires_at": NOON + ends * DAY}
    return Line(**{**usual, **changes})


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        (NOTHING, Fate.GOES),
        (Line(asked_stamp="5", asked_by=5), Fate.GOES),
        (Line(asked_stamp="4", asked_by=9), Fate.GOES),
        (Line(asked_stamp="5", asked_by=6), Fate.SUPERSEDED),
        (Line(asked_stamp="6", asked_by=1), Fate.SUPERSEDED),
        (Line(stamp="5", written_by=5), Fate.GOES),  # sent again, to settle a doubt
        (Line(stamp="5", written_by=6), Fate.SUPERSEDED),
        (Line(stamp="6", written_by=1), Fate.SUPERSEDED),
        (Line(is_out=True), Fate.WAITS),
        (Line(is_out=True, asked_stamp="6", asked_by=6), Fate.SUPERSEDED),
        (has(is_out=True), Fate.WAITS),
        (has(), Fate.UNCHANGED),
        (has("y"), Fate.GOES),
        (has(is_unsettled=True), Fate.GOES),
        (has(asked_stamp="6", asked_by=6), Fate.SUPERSEDED),
    ],
)
def test_what_becomes_of_a_write(line: Line, becomes: Fate) -> None:
    assert fate(write(line=line), NOON) is becomes


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        (NOTHING, Fate.RUN_OUT),
        (Line(is_out=True), Fate.WAITS),
        (Line(stamp="6", written_by=6), Fate.SUPERSEDED),
        (Line(stamp="5", written_by=5), Fate.LIVED),
        (has(), Fate.RUN_OUT),
    ],
)
def test_what_becomes_of_a_write_that_has_run_out(line: Line, becomes: Fate) -> None:
    assert fate(write(ends=1, line=line), NOON + DAY) is becomes


@pytest.mark.parametrize(
    ("wanted", "there", "after", "is_there"),
    [
        (100, 100, 0, True),
        (100, 51, 0, True),
        (100, 50, 0, False),  # no more than half of what it should live
        (100, 99, 97, True),
        (100, 90, 80, False),
        (100, 101, 0, False),  # it would live for too long
        (100, 90, 90, False),  # it has run out
    ],
)
def test_the_same_value_is_there_for_more_than_half_of_its_life_and_no_longer_than_it_should(
    wanted: int, there: int, after: int, is_there: bool
) -> None:
    one = write(ends=wanted, line=has(ends=there))
    assert (fate(one, NOON + after * DAY) is Fate.UNCHANGED) is is_there


def test_a_value_without_an_end_that_we_know_is_written_again() -> None:
    assert fate(write(line=has(expires_at=None)), NOON) is Fate.GOES


def test_a_deletion_is_never_unchanged() -> None:
    assert fate(write(member=None, line=has()), NOON) is Fate.GOES
    assert fate(write(member=None, line=Line(stamp="4", written_by=4)), NOON) is Fate.GOES


def test_contents_are_compared_whatever_is_in_them() -> None:
    assert sha256("\ud800") != sha256("\ud801")


# A delivery

NEW, OLD, OUT, SAME = NOTHING, Line(stamp="9", written_by=9), Line(is_out=True), has()


@pytest.mark.parametrize(
    ("lines", "goes", "waits", "end"),
    [
        ([NEW, NEW], 2, False, None),
        ([NEW, OLD], 1, False, None),
        ([NEW, SAME], 1, False, None),
        ([NEW, OUT], 2, True, None),
        ([OLD, OUT], 1, True, None),
        ([OLD, OLD], 0, False, DeliveryState.SUPERSEDED),
        ([SAME, SAME], 0, False, DeliveryState.UNCHANGED),
        ([OLD, SAME], 0, False, DeliveryState.UNCHANGED),
    ],
)
def test_what_becomes_of_a_delivery(lines: list[Line], goes: int, waits: bool, end: DeliveryState | None) -> None:
    judged = judge(upsert(), [write(line=line) for line in lines], NOON)
    assert (len(judged.item.writes), judged.waits, judged.end and judged.end[0]) == (goes, waits, end)
    assert len(judged.settled) + goes == len(lines)


@pytest.mark.parametrize(
    ("over", "end"),
    [
        (WriteState.DELIVERED, DeliveryState.DELIVERED),
        (WriteState.UNCHANGED, DeliveryState.UNCHANGED),
        (WriteState.SUPERSEDED, DeliveryState.SUPERSEDED),
    ],
)
def test_what_is_over_of_a_delivery_is_not_judged_again_and_counts_in_the_end(
    over: WriteState, end: DeliveryState
) -> None:
    judged = judge(upsert(), [write(state=over), write("crm.b", line=OLD)], NOON)
    assert [one.name.key for one, _ in judged.settled] == ["crm.b"]
    assert judged.end
    assert judged.end[0] is end


def test_a_delivery_that_has_run_out_in_part_is_dead_as_a_whole() -> None:
    late, good, old = write(ends=1), write("crm.b"), write("crm.c", line=OLD)
    judged = judge(upsert(), [late, good, old], NOON + DAY)
    assert judged.end == (DeliveryState.DEAD, "a setting in it ran out before it could be sent")
    assert {one.name.key: state for one, state in judged.settled} == {
        "crm.a": WriteState.DEAD,
        "crm.b": WriteState.DEAD,
        "crm.c": WriteState.SUPERSEDED,
    }
    assert judged.item.writes == ()


def test_what_has_run_out_of_a_delivery_that_has_arrived_in_part_is_left_out() -> None:
    there, late, good = write(state=WriteState.DELIVERED), write("crm.b", ends=1), write("crm.c")
    judged = judge(upsert(), [there, late, good], NOON + DAY)
    assert (judged.end, judged.item.keys) == (None, ["crm.c"])
    assert judge(upsert(), [there, late], NOON + DAY).end == (DeliveryState.DELIVERED, "")


# What shares a request


def judged(number: int, *keys: str, **changes: Any) -> Judged:
    item = Item(delivery=upsert(id=number), writes=tuple(write(key, number=number) for key in keys))
    return Judged(item=item, settled=(), **changes)


def chosen(*found: Judged, settings: int = 100, size: int = 100_000, suspects: tuple[int, ...] = ()) -> list[int]:
    items = batch(found, room=Room(settings=settings, bytes=size), suspects=suspects)
    return [item.delivery.id for item in items]


ENDED = (DeliveryState.SUPERSEDED, "")


@pytest.mark.parametrize(
    ("found", "ids"),
    [
        ([], []),
        ([judged(1, "a"), judged(2, "b"), judged(3, "c")], [1, 2, 3]),
        ([judged(1, "a", waits=True), judged(2, "b")], [2]),
        ([judged(1, end=ENDED), judged(2, "b")], [2]),
        ([judged(1, "a"), judged(2, "a", "b"), judged(3, "b")], [1, 3]),  # no cookie twice
        ([judged(1, "a", waits=True)], []),
    ],
)
def test_who_shares_a_request(found: list[Judged], ids: list[int]) -> None:
    assert chosen(*found) == ids


@pytest.mark.parametrize(
    ("settings", "ids"),
    [(1, [1]), (3, [1]), (4, [1, 2]), (5, [1, 2, 3]), (0, [1])],
)
def test_a_request_ends_before_the_first_that_does_not_fit(settings: int, ids: list[int]) -> None:
    assert chosen(judged(1, "a", "b"), judged(2, "c", "d"), judged(3, "e"), settings=settings) == ids


def test_a_request_is_bound_in_bytes_as_well() -> None:
    first, second = judged(1, "a"), judged(2, "b")
    both = size(first.item) + size(second.item)
    assert chosen(first, second, size=both) == [1, 2]
    assert chosen(first, second, size=both - 1) == [1]


@pytest.mark.parametrize(
    ("suspects", "ids"),
    [((2,), [1, 3]), ((1, 3), [1, 3]), ((1,), [1]), ((1, 2, 3), [1, 2, 3])],
)
def test_suspects_travel_among_themselves(suspects: tuple[int, ...], ids: list[int]) -> None:
    assert chosen(judged(1, "a"), judged(2, "b"), judged(3, "c"), suspects=suspects) == ids


# What a delivery does


def test_a_group_writes_its_settings_and_a_deletion_names_its_keys() -> None:
    found = list(writes_of(group({"crm.a": "1", "crm.b": "2"})))
    assert [(name.key, member and member["content"]) for name, member in found] == [("crm.a", "1"), ("crm.b", "2")]
    assert [(name.key, member) for name, member in writes_of(deletion("crm.a", "crm.b"))] == [
        ("crm.a", None),
        ("crm.b", None),
    ]
    assert list(writes_of(insert())) == []


def test_a_cookie_has_the_stamp_of_its_own_change_or_the_deliverys() -> None:
    both = group({"crm.a": "1", "crm.b": "2"}, later(5))
    assert {stamp for _, stamp in stamped(both)} == {both.stamp}
    assert [stamp for _, stamp in stamped(replace(both, stamps=("1", "2")))] == ["1", "2"]


def test_a_cookie_is_told_by_its_four_names() -> None:
    [member] = upsert().body["settings"]
    assert name_of(member) == CookieName(customer="7", key="crm.tier", channel="all", service="")
