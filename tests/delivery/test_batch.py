"""A refused batch is taken apart with few requests, whatever is in it."""

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.batch import Splitting, accept, fingerprint, named_in, next_part, refuse, split

Naming = Callable[[tuple[int, ...]], Sequence[int]]
"""What the API says of a refused part: places in it."""


def nothing(_: tuple[int, ...]) -> Sequence[int]:
    return ()


def taken_apart(count: int, poisons: set[int], naming: Naming = nothing) -> tuple[Splitting, list[tuple[int, ...]]]:
    """To the end; and all that was sent after the first refused request."""
    splitting, sent = split(count, "all", naming(tuple(range(count)))), []
    while part := next_part(splitting):
        sent.append(part.items)
        bad = poisons.intersection(part.items)
        splitting = refuse(splitting, f"bad {sorted(bad)}", naming(part.items)) if bad else accept(splitting)
    return splitting, sent


def any_naming(draw: st.DataObject) -> Naming:
    return lambda items: draw.draw(st.lists(st.integers(-1, len(items))))


@given(count=st.integers(2, 300), draw=st.data(), is_named=st.booleans())
def test_one_poison_is_found_within_the_bound_whatever_the_api_names(
    count: int, draw: st.DataObject, is_named: bool
) -> None:
    poison = draw.draw(st.integers(0, count - 1))
    splitting, sent = taken_apart(count, {poison}, any_naming(draw) if is_named else nothing)
    assert len(sent) <= 2 * math.ceil(math.log2(count)) + 1
    assert splitting.refused == ((poison, f"bad [{poison}]"),)
    assert sorted(splitting.accepted) == [item for item in range(count) if item != poison]


@given(count=st.integers(2, 60), draw=st.data())
def test_any_set_of_poisons_is_refused_one_by_one_and_all_others_arrive(count: int, draw: st.DataObject) -> None:
    poisons = draw.draw(st.sets(st.integers(0, count - 1), min_size=1))
    splitting, sent = taken_apart(count, poisons, any_naming(draw))
    assert len(sent) < 2 * count
    assert len(set(sent)) == len(sent), "no part is sent twice"
    assert dict(splitting.refused) == {poison: f"bad [{poison}]" for poison in poisons}
    assert sorted(splitting.accepted) == sorted(set(range(count)) - poisons)
    assert splitting.undecided == ()


@given(count=st.integers(2, 60), draw=st.data())
def test_what_is_refused_by_mistake_or_for_its_size_only_arrives_in_the_end(count: int, draw: st.DataObject) -> None:
    largest = draw.draw(st.integers(1, count))
    splitting = split(count, "too large")
    sent = 0
    while part := next_part(splitting):
        sent += 1
        splitting = refuse(splitting, "too large") if len(part.items) > largest else accept(splitting)
    assert sorted(splitting.accepted) == list(range(count))
    assert sent < 2 * count


def test_a_poison_among_a_hundred_costs_fifteen_requests_at_most() -> None:
    assert max(len(taken_apart(100, {poison})[1]) for poison in range(100)) + 1 <= 15


def test_a_poison_that_the_api_names_costs_two_more_requests() -> None:
    def names_it(items: tuple[int, ...]) -> list[int]:
        return [items.index(37)] if 37 in items else []

    _, sent = taken_apart(100, {37}, names_it)
    assert sent == [(37,), tuple(item for item in range(100) if item != 37)]


def test_poisons_that_the_api_names_together_are_kept_apart_from_the_others() -> None:
    _, sent = taken_apart(10, {2, 5}, lambda items: [items.index(poison) for poison in (2, 5) if poison in items])
    assert sent == [(2, 5), (2,), (5,), (0, 1, 3, 4, 6, 7, 8, 9)]


def test_a_single_item_was_refused_alone_already() -> None:
    assert split(1, "bad") == Splitting(todo=(), refused=((0, "bad"),))


@given(count=st.integers(2, 40), answers=st.lists(st.booleans(), max_size=80))
def test_stopped_in_the_middle_every_item_is_accepted_or_refused_or_undecided(count: int, answers: list[bool]) -> None:
    splitting = split(count, "bad")
    for is_fine in answers:
        if next_part(splitting):
            splitting = accept(splitting) if is_fine else refuse(splitting, "bad")
    refused = [item for item, _ in splitting.refused]
    assert sorted([*splitting.accepted, *refused, *splitting.undecided]) == list(range(count))


def settings(*customers: str, key: str = "crm.tier") -> dict[str, list[dict[str, str]]]:
    return {"settings": [{"customerId": customer, "key": key, "content": "gold"} for customer in customers]}


BODIES = [settings("ana", "ben"), settings("ben"), settings("cleo", "dora", key="crm.plan"), settings("ana")]


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("settings[0]: channel is missing", (0,)),
        ("settings[2]: channel is missing; settings[4].key: too long", (1, 2)),
        ("/settings/5/content is too long", (3,)),
        ("settings.3.key is too long", (2,)),
        ("settings[99]: channel is missing", ()),
        ("records[0]: channel is missing", ()),
        ("The customer 'cleo' is blocked", (2,)),
        ("The customer ana is blocked", (0, 3)),
        ("The keys crm.plan and crm.tier are not known", (2,)),
        ("The key crm.plan of ana is not known", (0, 2, 3)),
        ("The customer an is banal", ()),
        ("All must be gold", ()),
        ("The value for the channel is invalid", ()),
        ("", ()),
    ],
)
def test_what_a_message_points_at(message: str, named: tuple[int, ...]) -> None:
    assert named_in(message, BODIES) == named


@given(message=st.text(), bodies=st.lists(st.none() | st.text() | st.builds(settings, st.text(), key=st.text())))
def test_no_message_whatever_breaks_the_reading(message: str, bodies: list[object]) -> None:
    assert set(named_in(message, bodies)) <= set(range(len(bodies)))
    assert fingerprint(fingerprint(message)) == fingerprint(message)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("settings[3]: content has 41 characters, not 40", "settings[0]: content has 4711 characters, not 40"),
        ("settings[3]: bad channel; settings[4]: bad channel.", "settings[17]: bad channel."),
        ("The customer 'ana' is blocked", "The customer 'o'hara' is blocked"),
        ("Customer 7f3a-22 is blocked.", "Customer 99 is blocked"),
        ("no such list: «Hot leads»", "no such list: «Cold ones»"),
        ("ana@example.com is no id", "b.en@example.org is no id"),
        ("expired on 2026-05-12T09:30:00.000Z", "expired on 2026-06-01T00:00:00.000Z"),
        ("bad   key\n", "bad key"),
    ],
)
def test_equal_causes_have_equal_fingerprints(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_different_causes_have_different_fingerprints() -> None:
    messages = [
        "settings[3]: channel is missing",
        "settings[3]: key is missing",
        "The user can't write",
        "Too long",
        "",
    ]
    assert len({fingerprint(message) for message in messages}) == len(messages)
    assert fingerprint(messages[0]) == "settings[#]: channel is missing"
    assert fingerprint(messages[2]) == "The user can't write"
