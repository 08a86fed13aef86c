"""Whatever the order of arrivals, answers, crashes and second thoughts: in the end Alvaria has the newest values.

Alvaria is a dictionary here, which takes requests at once, too late, or never; time is a value. What the sandbox
makes of real requests is the flow's test.
"""

import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from bridge.db import Connection, Database
from bridge.inbox import store as inbox
from bridge.model import CookieName, Dead, Delivered, Delivery, Event, Retry, Stamp, Verdict
from bridge.outbox.plan import DELETE, UPSERT, Item, Room
from bridge.outbox.store import queue
from bridge.outbox.store.claim import Claim, claim
from bridge.outbox.store.settle import Request, release, settle, settle_doubts
from bridge.tables import cookies, deliveries
from tests.words import NOON, event, webhook

DOUBT = timedelta(seconds=100)
KEYS = ("a", "b", "c")
EXAMPLES = int(os.environ.get("BRIDGE_NEWEST_EXAMPLES", "60"))
ROOM = Room(settings=4, bytes=100_000)

changes = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["gold", "silver", None]), min_size=1)
lives = st.sampled_from([86_400, 86_400, 20, 150])
"""For how many seconds: most of them to the end and beyond, others run out before they are sent, or sent again."""


@dataclass
class Flying:
    """A request on its way: what it would do, who sent it, and until when Alvaria may still carry it out."""

    items: tuple[Item, ...]
    worker: str
    began_at: datetime


@dataclass
class Late:
    items: tuple[Item, ...]
    until: datetime


def setting(key: str, content: str, expires_at: datetime) -> dict[str, str]:
    return {
        "customerId": "7",
        "key": key,
        "content": content,
        "channel": "all",
        "service": "",
        "expiresOnTime": expires_at.isoformat(),
    }


class Newest(RuleBasedStateMachine):
    """Many workers, one ledger, one Alvaria."""

    tables: Path  # a database with the tables in it
    flying = Bundle("flying")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="bridge-newest-")
        shutil.copy(self.tables, Path(self.folder) / "bridge.db")
        self.database = Database(f"sqlite:///{self.folder}/bridge.db")
        self.now = NOON
        self.numbers = itertools.count(1)
        self.workers = itertools.count(1)
        self.alvaria: dict[str, Value] = {}
        self.late: list[Late] = []
        self.sent: dict[str, Flying] = {}
        self.stamps: list[tuple[str, datetime]] = []
        self.carried: set[int] = set()
        """What Alvaria has carried out, whether we know it or not: of that it refuses nothing."""
        self.accepted: set[tuple[int, str]] = set()
        """What it has told us so of: the delivery and the key."""
        self.risky: set[str] = set()

    # What comes in

    @rule(changes=changes, age_s=st.integers(0, 30), lives_s=lives)
    def a_change_arrives(self, changes: dict[str, str | None], age_s: int, lives_s: int) -> None:
        """Newer or older than those before it."""
        with self.database.transaction() as conn:
            made, at = self.event(conn), self.now - timedelta(seconds=age_s)
            self.stamps.append((Stamp(at, -1, self.now, made.id, 1).as_text(), at))
            self.add(conn, made, changes, lives_s)

    @rule(changes=changes, lives_s=lives)
    def another_rule_makes_of_the_same_change(self, changes: dict[str, str | None], lives_s: int) -> None:
        """As new as the one before it: of two with one stamp the later delivery wins."""
        if self.stamps:
            with self.database.transaction() as conn:
                self.add(conn, self.event(conn), changes, lives_s)

    def add(self, conn: Connection, made: Event, changes: dict[str, str | None], lives_s: int) -> None:
        stamp, at = self.stamps[-1]
        written = {key: content for key, content in changes.items() if content is not None}
        found = [self.delete(key, stamp, at) for key in changes if key not in written]
        if written:
            ends_at = self.now + timedelta(seconds=lives_s)
            members = [setting(key, content, ends_at) for key, content in written.items()]
            found.append(self.delivery(UPSERT, stamp, at, body={"settings": members}))
        queue.add(conn, [(made, one) for one in found], now=self.now)

    def event(self, conn: Connection) -> Event:
        inbox.keep(conn, webhook(), (event(dedup_key=f"evt-{next(self.numbers)}"),))
        [(made, _)] = inbox.next_new(conn, ["generic"], 1)
        inbox.mark_done(conn, [made.id])
        return made

    def delete(self, key: str, stamp: str, at: datetime) -> Delivery:
        params = {"customer": "7", "key": key, "channel": "all", "service": ""}
        return self.delivery(DELETE, stamp, at, params=params)

    def delivery(self, operation: str, stamp: str, at: datetime, **more: Any) -> Delivery:
        usual = {"rule": "r", "mapping_version": "v", "order_key": "", "repeatable": True}
        return Delivery(operation=operation, stamp=stamp, changed_at=at, **usual, **more)

    # What is sent

    @rule(operation=st.sampled_from([UPSERT, DELETE]), target=flying)
    def a_worker_claims(self, operation: str) -> str:
        worker = f"host/{next(self.workers)}/a"
        with self.database.transaction() as conn:
            items = claim(conn, operation, Claim(worker=worker, now=self.now, room=ROOM))
        out = {name for flight in self.sent.values() for name in names(flight.items)}
        assert not out & names(items), "no cookie is out twice"
        self.sent[worker] = Flying(items=items, worker=worker, began_at=self.now)
        return worker

    @rule(worker=consumes(flying))
    def it_is_accepted(self, worker: str) -> None:
        flight = self.sent.pop(worker)
        self.carry_out(flight.items)
        self.accepted |= {(write.delivery_id, write.name.key) for item in flight.items for write in item.writes}
        self.settle(flight, Delivered())

    @rule(worker=consumes(flying))
    def it_is_refused(self, worker: str) -> None:
        flight = self.sent[worker]
        refused = {item.delivery.id for item in flight.items}
        if refused & self.carried:
            self.it_is_accepted(worker)
            return
        self.sent.pop(worker)
        # Alvaria refuses what is in it, so an earlier attempt with the same in it is not carried out late either.
        for late in self.late:
            late.items = tuple(item for item in late.items if item.delivery.id not in refused)
        self.settle(flight, Dead(reason="status 400"))

    @rule(worker=consumes(flying), carried_out=st.booleans(), in_s=st.integers(0, 120))
    def nobody_knows_what_became_of_it(self, worker: str, carried_out: bool, in_s: int) -> None:
        """A time-out: Alvaria may carry it out late, but within the doubt."""
        flight = self.sent.pop(worker)
        self.may_be_late(flight, carried_out)
        self.settle(flight, Retry(at=self.now + timedelta(seconds=in_s), reason="no answer", in_doubt=True))

    @rule(worker=consumes(flying), carried_out=st.booleans())
    def the_worker_dies(self, worker: str, carried_out: bool) -> None:
        flight = self.sent.pop(worker)
        self.may_be_late(flight, carried_out)
        with self.database.transaction() as conn:
            release(conn, [worker], now=self.now, unsettled_until=self.now + DOUBT)

    @rule(worker=consumes(flying), changes=changes, in_s=st.integers(0, 120), lives_s=lives, then_s=st.integers(0, 60))
    def it_is_carried_out_after_a_newer_one(
        self, worker: str, changes: dict[str, str | None], in_s: int, lives_s: int, then_s: int
    ) -> None:
        """What doubts are there for."""
        self.nobody_knows_what_became_of_it(worker, True, in_s)
        self.a_change_arrives(changes, 0, lives_s)
        self.sends_something()
        self.time_passes(then_s)
        if self.late:
            self.carry_out(self.late.pop().items)

    def may_be_late(self, flight: Flying, carried_out: bool) -> None:
        if carried_out:
            self.late.append(Late(items=flight.items, until=self.now + DOUBT - timedelta(seconds=1)))

    def settle(self, flight: Flying, verdict: Verdict) -> None:
        if not flight.items:
            return
        request = Request(
            worker=flight.worker,
            claimed_at=flight.began_at,
            began_at=flight.began_at,
            now=self.now,
            unsettled_until=self.now + DOUBT,
        )
        with self.database.transaction() as conn:
            settle(conn, flight.items, verdict, request)

    def carry_out(self, items: tuple[Item, ...]) -> None:
        self.carried |= {item.delivery.id for item in items}
        for item in items:
            for write in item.writes:
                if write.member and write.expires_at:
                    self.alvaria[write.name.key] = Value(write.member["content"], write.expires_at)
                else:
                    self.alvaria.pop(write.name.key, None)

    # What else happens

    @rule(data=st.data())
    def a_late_request_is_carried_out(self, data: st.DataObject) -> None:
        if self.late:
            self.carry_out(self.late.pop(data.draw(st.integers(0, len(self.late) - 1))).items)

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for one in [one for one in self.late if one.until <= self.now]:
            self.late.remove(one)
            self.carry_out(one.items)
        with self.database.transaction() as conn:
            settle_doubts(conn, now=self.now)

    @rule(number=st.integers(1, 30), what=st.sampled_from(["retry", "discard"]))
    def a_person_decides(self, number: int, what: str) -> None:
        with self.database.transaction() as conn:
            if what == "retry":
                queue.retry(conn, number, now=self.now)
            elif queue.discard(conn, number, reason="test", now=self.now):
                # Where it was only to be sent again, against what may come late, the person takes the risk.
                self.risky |= {key for delivery_id, key in self.accepted if delivery_id == number}

    # How it ends

    def teardown(self) -> None:
        try:
            for worker in list(self.sent):
                self.it_is_accepted(worker)
            for _ in range(20):
                self.time_passes(60)
                while self.sends_something():
                    pass
                if self.is_at_rest():
                    break
            self.compare()
        finally:
            self.database.close()
            shutil.rmtree(self.folder)

    def is_at_rest(self) -> bool:
        """Nothing waits, nothing may come late, and what was to run out has."""
        with self.database.reading() as conn:
            doubts = conn.execute(select(cookies.c.key).where(cookies.c.unsettled_until.is_not(None))).first()
            return not self.late and not doubts and queue.unfinished(conn) == 0

    def compare(self) -> None:
        assert self.is_at_rest()
        expected = self.expected()
        for key in KEYS:
            wanted, there = expected.get(key), self.alvaria.get(key)
            if key in self.risky:
                continue
            if wanted and wanted.ends_at > self.now:
                assert there, (key, wanted)
                assert there.content == wanted.content, (key, wanted, there)
            else:
                assert not there or there.ends_at <= self.now, (key, there)

    def sends_something(self) -> bool:
        worked = False
        for operation in (UPSERT, DELETE):
            worker = self.a_worker_claims(operation)
            worked = worked or bool(self.sent[worker].items)
            self.it_is_accepted(worker)
        return worked

    def expected(self) -> dict[str, "Value"]:
        """The newest change of each cookie among those that count."""
        with self.database.reading() as conn:
            ids = conn.execute(select(deliveries.c.id)).scalars().all()
            found = [one for number in ids if (one := queue.find(conn, number))]
        newest: dict[str, tuple[str, int, Value | None]] = {}
        for delivery in found:
            for key, value in values(delivery).items():
                mine = (delivery.stamp, delivery.id, value)
                if self.counts(delivery, key, value):
                    newest[key] = max(newest.get(key, ("", 0, None)), mine, key=lambda one: one[:2])
        return {key: value for key, (_, _, value) in newest.items() if value}

    def counts(self, delivery: Delivery, key: str, value: "Value | None") -> bool:
        """What has arrived does, whatever became of it later; else what nobody refused, discarded or let run out."""
        if (delivery.id, key) in self.accepted:
            return True
        return delivery.state not in ("dead", "discarded") and (value is None or value.ends_at > self.now)


@dataclass(frozen=True)
class Value:
    content: str
    ends_at: datetime


def names(items: tuple[Item, ...]) -> set[CookieName]:
    return {write.name for item in items for write in item.writes}


def values(delivery: Delivery) -> dict[str, Value | None]:
    if delivery.operation == DELETE:
        return {delivery.params["key"]: None}
    return {
        member["key"]: Value(member["content"], datetime.fromisoformat(member["expiresOnTime"]))
        for member in delivery.body["settings"]
    }


def test_in_the_end_alvaria_has_the_newest_of_each(with_tables: dict[str, str]) -> None:
    Newest.tables = Path(with_tables["sqlite"])
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=quiet,
        # To shrink a failure of so many steps takes minutes; it is printed as it was found.
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    run_state_machine_as_test(Newest, settings=chosen)
