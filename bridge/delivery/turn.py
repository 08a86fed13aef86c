"""Whose turn it is: within the budget, past what is paused, the next request is put together and claimed."""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.alvaria.client import Client
from bridge.alvaria.lookup import Lookups
from bridge.alvaria.operations import operation
from bridge.db import Connection, Database
from bridge.delivery import store
from bridge.delivery.budget import Rate, Wait, order_of, take
from bridge.delivery.pause import Cause, Pause, applies, in_words, is_probe_due, probing
from bridge.delivery.store import Suspicion
from bridge.model import Delivery, Priority
from bridge.outbox.plan import Item, Room
from bridge.outbox.store import binding, claim
from bridge.outbox.store.claim import Claim
from bridge.settings import Policy

LOOK_AGAIN = timedelta(seconds=5)
"""Nobody waits longer than this without looking, whatever was missed."""
PUT_OFF = timedelta(minutes=5)
"""How far what is paused steps aside; the end of the pause makes it due."""
PROBE = Room(settings=1, bytes=0)
"""One delivery: enough to see whether a request goes through."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """All that sending needs; one for each thread."""

    database: Database
    client: Client
    lookups: Lookups
    policy: Policy
    rate: Rate | None
    """What the settings allow; None: as much as the API does."""
    room: Room
    target: str
    """Where it all goes: base URL and organisation, or the sandbox."""
    worker: str
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the worker is to end."""
    is_bound: threading.Event = field(default_factory=threading.Event)
    """Set once the database is known to belong to the target; `binding.check` looks again."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The deliveries that share one request."""

    operation: str
    items: tuple[Item, ...]
    claimed_at: datetime
    """With its worker's name it tells this claim from any other."""

    @property
    def category(self) -> str:
        return operation(self.operation).category


def take_turn(sender: Sender, now: datetime) -> Batch | Wait:
    """The next request, claimed; or when to look again, and why."""
    with sender.database.reading() as conn:
        waiting = claim.waiting_operations(conn)
        # Most looks find nothing: they need no lock.
        if not claim.is_any_due(conn, waiting, now):
            return _rest(conn, waiting, now)
    with sender.database.transaction() as conn:
        found = _look(conn, sender, waiting, now)
        if isinstance(found, Batch) and not sender.is_bound.is_set():
            binding.bind(conn, sender.target)
    if isinstance(found, Batch):
        sender.is_bound.set()
    return found


def _look(conn: Connection, sender: Sender, waiting: Sequence[str], now: datetime) -> Batch | Wait:
    pauses, suspicions = store.all_pauses(conn), store.all_suspicions(conn)
    waits: list[Wait] = []
    for category in _shuffled({operation(name).category for name in waiting}):
        among = [name for name in waiting if operation(name).category == category]
        turn = Turn(category=category, operations=among, pauses=pauses, suspicions=suspicions, now=now)
        found = _in_category(conn, sender, turn)
        if isinstance(found, Batch):
            return found
        waits.append(found)
    return min((*waits, _rest(conn, waiting, now)), key=lambda wait: wait.until)


def _rest(conn: Connection, waiting: Sequence[str], now: datetime) -> Wait:
    """Until the first is due of those that are not."""
    soonest = claim.soonest(conn, waiting, now)
    if soonest:
        return Wait(until=soonest, reason="nothing is due before", is_idle=True)
    return Wait(until=now + LOOK_AGAIN, reason="nothing waits", is_idle=True)


def _shuffled(names: set[str] | Sequence[str]) -> list[str]:
    """So that none of them is always the last one."""
    return random.sample(sorted(names), len(names))


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One look at a category of endpoints."""

    category: str
    operations: Sequence[str]
    pauses: Sequence[Pause]
    suspicions: Mapping[tuple[str, str], Suspicion]
    now: datetime

    def pause_of(self, operation_id: str) -> Pause | None:
        """What holds the operation as a whole."""
        return applies(self.pauses, source="", rule="", operation=operation_id, category=self.category)

    def put_off(self, delivery: Delivery) -> tuple[datetime, str] | None:
        """Until when its source's or its rule's pause sends it aside."""
        of_some = [pause for pause in self.pauses if self._concerns(pause, delivery)]
        found = applies(
            of_some, source=delivery.source, rule=delivery.rule, operation=delivery.operation, category=self.category
        )
        return (self.now + PUT_OFF, in_words(found, self.now)) if found else None

    def _concerns(self, pause: Pause, delivery: Delivery) -> bool:
        """Refusals say nothing of what another version of the mapping makes."""
        is_of_some = pause.name.startswith(("source:", "rule:"))
        return is_of_some and (pause.cause is not Cause.REFUSALS or self.set_apart(delivery))

    def set_apart(self, delivery: Delivery) -> bool:
        """What a rule makes that was refused before travels without the others; a new mapping is a new chance."""
        found = self.suspicions.get((delivery.source, delivery.rule))
        return found is not None and found.mapping_version == delivery.mapping_version


def _in_category(conn: Connection, sender: Sender, turn: Turn) -> Batch | Wait:
    budget = store.lock_budget(conn, turn.category)
    taken = take(budget, configured=sender.rate, now=turn.now)
    if isinstance(taken, Wait):
        return taken
    open_ones = {name for name in turn.operations if _is_open(turn.pause_of(name), turn.now)}
    for priorities in _orders(budget.turn):
        for name in _shuffled(open_ones):
            if items := _claim(conn, sender, turn, name, priorities):
                store.save_budget(conn, taken)
                return Batch(operation=name, items=items, claimed_at=turn.now)
    return _look_again(turn)


def _is_open(pause: Pause | None, now: datetime) -> bool:
    return pause is None or is_probe_due(pause, now)


def _orders(turn: int) -> Iterator[tuple[Priority, ...]]:
    """First those that go first in this turn, with others where there is room beside them; then without them."""
    order = order_of(turn)
    for place in range(len(order)):
        yield order[place:]


def _claim(conn: Connection, sender: Sender, turn: Turn, name: str, priorities: Sequence[Priority]) -> tuple[Item, ...]:
    pause = turn.pause_of(name)
    asked = Claim(
        worker=sender.worker,
        now=turn.now,
        priorities=priorities,
        room=PROBE if pause else sender.room,
        set_apart=turn.set_apart,
        put_off=turn.put_off,
    )
    items = claim.claim(conn, name, asked)
    if items and pause:
        store.save_pause(conn, probing(pause, turn.now))
    return items


def _look_again(turn: Turn) -> Wait:
    waits = [Wait(until=turn.now + LOOK_AGAIN, reason="nothing is due")]
    for name in turn.operations:
        pause = turn.pause_of(name)
        if pause and pause.probe_at and pause.probe_at > turn.now:
            waits.append(Wait(until=pause.probe_at, reason=in_words(pause, turn.now)))
    return min(waits, key=lambda wait: wait.until)
