"""The names of pauses as people say them, and how a pause ends."""

from collections.abc import Collection, Iterable
from datetime import datetime

from bridge.alvaria.operations import OPERATIONS
from bridge.db import Connection, Database
from bridge.delivery import store
from bridge.delivery.budget import answered
from bridge.delivery.pause import ALL
from bridge.documents import did_you_mean
from bridge.errors import UnknownName
from bridge.outbox.store import queue
from bridge.outbox.store.queue import PutOff

AT_ONCE = 1_000
WRITING = frozenset(one.id for one in OPERATIONS.values() if one.method != "GET")
KINDS = ("source", "operation", "category", "rule")


def name_of(said: str, sources: Collection[str]) -> str:
    """all, hubspot, campaign.insertFastPathRecords, or source:hubspot -> the pause's name. Raises UnknownName."""
    known = {ALL: ALL, **{one: f"operation:{one}" for one in WRITING}, **{one: f"source:{one}" for one in sources}}
    names = {**known, **{name: name for name in known.values()}}
    if said not in names:
        hint = did_you_mean(said, names) or f"; there are: all, {', '.join(sorted(sources))}, and operations of the API"
        raise UnknownName(f"there is no source and no operation {said!r}{hint}")
    return names[said]


def paused_name(said: str, paused: Iterable[str]) -> str:
    """The same among what is paused."""
    names = {spelling: name for name in paused for spelling in (name, *_short(name))}
    if said not in names:
        hint = did_you_mean(said, names) or f"; paused are: {', '.join(sorted(set(names.values()))) or 'none'}"
        raise UnknownName(f"{said!r} is not paused{hint}")
    return names[said]


def _short(name: str) -> tuple[str, ...]:
    kind, _, rest = name.partition(":")
    return (rest,) if kind in KINDS else ()


def resume(database: Database, name: str, now: datetime) -> int:
    """End the pause; what was put off is due at once. Returns how many those are."""
    with database.transaction() as conn:
        _trust_again(conn, name)
        store.end_pause(conn, name)
        number = last = queue.hurry(conn, put_off_by(name), now=now, at_most=AT_ONCE)
    while last == AT_ONCE:
        with database.transaction() as conn:
            last = queue.hurry(conn, put_off_by(name), now=now, at_most=AT_ONCE)
        number += last
    return number


def _trust_again(conn: Connection, name: str) -> None:
    """Or the first refusal after it would pause the rule again, and the first failure the category."""
    kind, _, rest = name.partition(":")
    # The budgets first, as when a turn is taken: or two would wait for each other.
    for budget in store.all_budgets(conn):
        if name in (ALL, f"category:{budget.name}"):
            store.save_budget(conn, answered(store.lock_budget(conn, budget.name)))
    if kind == "rule":
        source, _, rule = rest.partition("/")
        store.forget_suspicion(conn, source, rule)


def put_off_by(name: str) -> PutOff:
    """What a pause of this name has kept from being sent."""
    kind, _, rest = name.partition(":")
    source, _, rule = rest.partition("/")
    match kind:
        case "source":
            return PutOff(source=rest)
        case "rule":
            return PutOff(source=source, rule=rule)
        case "operation":
            return PutOff(operations=(rest,))
        case "category":
            return PutOff(operations=tuple(one.id for one in OPERATIONS.values() if one.category == rest))
    return PutOff()
