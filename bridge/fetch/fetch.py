"""Records read, one request after the other for each source.

The guarantee: no event is lost, and the events of one record go on in the order in which they came. Nothing is locked
while we wait for the network; whoever dies in the middle leaves events that wait as before.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge import clock, log, metrics
from bridge.db import Database
from bridge.errors import ExpressionError, NotReady, TokenRefused, Unreachable
from bridge.fetch import record, store
from bridge.fetch.asks import Ask, Turn, ask, need
from bridge.fetch.client import Door
from bridge.fetch.decide import Case, Later, Read, Result, Unfetched, Verdict, judge
from bridge.fetch.reads import Reads
from bridge.model import Answer, Event, Json
from bridge.settings import Policy
from bridge.sources.fetch import Batch, FetchPlan
from bridge.sources.source import Source

LOOKED_AT = 100
"""How many events are looked at in one transaction."""
MARGIN = timedelta(seconds=30)
"""The right to read outlives a request by this, so that nobody takes it over while one is on its way."""


@dataclass(kw_only=True, eq=False)
class Reader:
    """Reads for one source, as its mapping says at the moment."""

    database: Database
    source: Source
    policy: Policy
    worker: str
    door: Door
    plan: FetchPlan
    reads: Reads = field(init=False)
    alone: set[int] = field(default_factory=set)
    """Events whose record a batch did not bring: it is asked for by itself, so that the CRM says why."""

    def __post_init__(self) -> None:
        self.reads = Reads(self.plan.cache)

    @property
    def name(self) -> str:
        return self.source.name


def fetch_next(reader: Reader) -> bool:
    """Do what comes next; False if there is nothing, or not yet."""
    now = clock.now()
    return look(reader, now) or read_next(reader, now)


def look(reader: Reader, now: datetime) -> bool:
    """Find out which events need a read at all: the others go on, whatever their CRM is doing."""
    with reader.database.reading() as conn:
        found = store.not_looked_at(conn, reader.name, LOOKED_AT)
    if not found:
        return False
    needs = [(event, need(reader.plan, event)) for event in found]
    with reader.database.transaction() as conn:
        store.line_up(conn, [event.id for event, what in needs if isinstance(what, str)], now)
        for event, what in needs:
            if not isinstance(what, str):
                store.settle(conn, [event], what, now)
    return True


def read_next(reader: Reader, now: datetime) -> bool:
    """One request for the records whose turn it is, but for those that are known already."""
    most = reader.plan.batch.most if reader.plan.batch else 1
    with reader.database.reading() as conn:
        turns = store.due(conn, reader.name, now, most)
    asks = [asked for turn in turns if (asked := _unknown(reader, turn, now))]
    return send_next(reader, asks, now) if asks else bool(turns)


def _unknown(reader: Reader, turn: Turn, now: datetime) -> Ask | None:
    """What is to be asked for the events; None where they can go on without."""
    asked = ask(reader.plan, turn)
    if not isinstance(asked, Ask):
        settle(reader, (turn.first,), asked, now)
        return None
    known = reader.reads.find(asked, now)
    if known is None:
        return asked
    settle(reader, asked.events, Read(record=known), now)
    return None


def send_next(reader: Reader, asks: Sequence[Ask], now: datetime) -> bool:
    """False while another worker reads for this source, or the CRM's rate is used up."""
    lease = timedelta(seconds=reader.door.longest_s) + MARGIN
    right = store.Right(source=reader.name, worker=reader.worker, lease=lease, rate=reader.plan.rate)
    with reader.database.transaction() as conn:
        if not store.take(conn, right, now):
            return False
    batch, first = reader.plan.batch, asks[0]
    together = [asked for asked in asks if asked.first.id not in reader.alone]
    if batch and len(together) > 1 and first is together[0]:
        read_batch(reader, batch, together)
    else:
        read_one(reader, first)
    return True


def read_one(reader: Reader, asked: Ask) -> None:
    began_at = clock.now()
    result = result_of(lambda: reader.door.get(asked.url))
    verdict = judge(result, _case(reader, asked)) or record_in(result, reader.plan, reader.source)
    if isinstance(verdict, Read):
        reader.reads.add(asked, verdict.record, began_at)
    if not isinstance(verdict, Later):
        reader.alone.discard(asked.first.id)
    settle(reader, asked.events, verdict, clock.now())


def result_of(send: Callable[[], Answer]) -> Result:
    """Trouble is a value here, to be judged like an answer."""
    try:
        return send()
    except (Unreachable, TokenRefused, NotReady) as trouble:
        return trouble


def _case(reader: Reader, asked: Ask) -> Case:
    return Case(
        host=reader.plan.url.host,
        attempts=asked.attempts,
        since=asked.since,
        give_up=reader.plan.give_up,
        policy=reader.policy,
        now=clock.now(),
        luck=random.random(),  # noqa: S311 (it spreads retries, it guards nothing)
    )


def record_in(result: Result, plan: FetchPlan, source: Source) -> Verdict:
    """Of an answer that was judged to hold it."""
    body = result.body if isinstance(result, Answer) else None
    try:
        return Read(record=record.single(plan.record, body, source.redact.body))
    except ExpressionError as error:
        return Unfetched(reason=f"{error}; mend fetch in the mapping")


def read_batch(reader: Reader, batch: Batch, asks: Sequence[Ask]) -> None:
    """What the answer does not hold is asked for one by one: only then it is clear what the CRM has against it."""
    began_at = clock.now()
    try:
        body = batch.body({"ids": [batch.each(asked.first.scope()) for asked in asks]})
        result = result_of(lambda: reader.door.post(batch.url({}), body, batch.url.host))
        found = _records(reader, batch, result)
    except ExpressionError as error:
        log.warning("fetch.batch_failed", source=reader.name, reason=str(error))
        reader.alone.update(asked.first.id for asked in asks)
        return
    for asked in asks:
        brought = found.get(asked.first.record_id)
        verdict = Read(record=brought) if brought is not None else judge(result, _case(reader, asked))
        if not isinstance(verdict, Read | Later):
            reader.alone.add(asked.first.id)
            continue
        if isinstance(verdict, Read):
            reader.reads.add(asked, verdict.record, began_at)
        settle(reader, asked.events, verdict, clock.now())


def _records(reader: Reader, batch: Batch, result: Result) -> Mapping[str, dict[str, Json]]:
    if not isinstance(result, Answer) or not 200 <= result.status < 300 or result.body is None:
        return {}
    return record.several(batch, result.body, reader.source.redact.body)


def settle(reader: Reader, served: Sequence[Event], verdict: Verdict, now: datetime) -> None:
    word = type(verdict).__name__.lower()
    with reader.database.transaction() as conn:
        store.settle(conn, served, verdict, now)
        if isinstance(verdict, Later) and verdict.held_until:
            store.hold(conn, reader.name, verdict.held_until)
    metrics.FETCHES.labels(reader.name, word).inc(len(served))
    if isinstance(verdict, Later | Unfetched):
        ids = [event.id for event in served]
        log.warning("event.fetch_failed", source=reader.name, events=ids, verdict=word, reason=verdict.reason)
