"""What workers ask goes by indexes, most of them partial: neither a long queue nor a long history costs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from bridge.db import Database
from bridge.model import Dead, Delivered, Retry
from bridge.outbox.plan import DELETE, UPSERT
from bridge.outbox.store import claim as claims
from bridge.outbox.store import workers
from bridge.outbox.store.settle import claimants
from bridge.tables import deliveries
from tests.outbox.acts import claim, deletion, given, group, later, release, settle, settle_doubts
from tests.words import NOON, insert

MANY = 1_000
WAITING = "ix_deliveries_(due|waiting)"
"""Both hold only what waits; where that is little, either will do."""
GROWING = re.compile(r"deliveries|writes|cookies")


@pytest.fixture(params=["a long history", "a long queue"])
def database(database: Database, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Thousands, over or waiting; the database has counted them."""
    # A claim looks at few of them, as it does where there are millions.
    monkeypatch.setattr(claims, "AT_ONCE", 3)
    several = [group({f"crm.k{number}": "x"}) for number in range(MANY)]
    given(database, *several, *(insert(item=number, order_key=f"k{number}") for number in range(MANY)))
    with database.transaction() as conn:
        if request.param == "a long history":
            conn.execute(deliveries.update().values(state="delivered", finished_at=NOON))
        if not database.is_sqlite:  # which nobody tells to count in the field either
            conn.execute(text("ANALYZE"))
    given(database, group({"crm.a": "x"}), deletion("crm.b"), insert(item=MANY))
    return database


class Plans:
    """Has the database explain whatever it is asked meanwhile."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[tuple[str, Any]] = []

    def __enter__(self) -> "Plans":
        event.listen(self.database.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.database.engine, "before_cursor_execute", self._note)

    def _note(self, _conn: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if GROWING.search(statement) and not statement.startswith("INSERT"):
            self.asked.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Each statement with its plan."""
        how = "EXPLAIN QUERY PLAN" if self.database.is_sqlite else "EXPLAIN"
        with self.database.reading() as conn:
            for statement, parameters in dict(self.asked).items():
                rows = conn.exec_driver_sql(f"{how} {statement}", parameters).all()
                yield statement, "\n".join(str(row[-1]) for row in rows)


SCAN = re.compile(r"(SCAN (deliveries|earlier|writes|cookies)(?! USING))|(Seq Scan on (deliveries|writes|cookies))")


def look(database: Database) -> list[str]:
    """What a worker does that finds nothing to send, and in between."""
    with database.reading() as conn:
        operations = claims.waiting_operations(conn)
        claims.is_any_due(conn, operations, later(5))
        claims.soonest(conn, operations, later(5))
        claimants(conn)
    with database.transaction() as conn:
        workers.gone(conn, later(5))
    return operations


def work(database: Database) -> None:
    for operation in look(database):
        for verdict in (Retry(at=later(5), reason="x", in_doubt=True), Delivered(), Dead(reason="x")):
            settle(database, claim(database, operation, now=later(5)), verdict, now=later(5))
        claim(database, operation, now=later(5))
    release(database, now=later(5))
    settle_doubts(database, later(1000))


def test_nothing_that_workers_ask_reads_a_whole_table(database: Database) -> None:
    with Plans(database) as plans:
        work(database)
    assert len(plans.asked) > 20
    assert [statement for statement, plan in plans if SCAN.search(plan)] == []


@pytest.mark.parametrize("database", ["a long queue"], indirect=True)
def test_not_all_cookies_are_read_to_find_some_before_anybody_has_counted_them(database: Database) -> None:
    with database.transaction() as conn:
        if not database.is_sqlite:
            conn.execute(text("DELETE FROM pg_statistic"))
            conn.execute(text("UPDATE pg_class SET reltuples = -1 WHERE relname IN ('writes', 'cookies')"))
    with Plans(database) as plans:
        claim(database, UPSERT, now=later(5))
    asked = [plan for statement, plan in plans if "unsettled_until" in statement]
    assert asked
    assert not any(re.search("Hash|Seq Scan on cookies|SCAN cookies", plan) for plan in asked)


def test_the_claims_queries_go_by_the_partial_indexes(database: Database) -> None:
    wanted = {
        "deliveries.due_at <=": WAITING,
        "deliveries.due_at >": WAITING,
        "min(operation)": "ix_deliveries_due" if database.is_sqlite else WAITING,
        "earlier.order_key": "ix_deliveries_order",
        "out.state": "ix_writes_cookie",
        "deliveries.state = 'claimed'": "ix_deliveries_claimed",
        "unsettled_until <=": "ix_cookies_unsettled",
    }
    with Plans(database) as plans:
        work(database)
        for operation in (UPSERT, DELETE):
            settle_doubts(database, later(2000))
            claim(database, operation)
    found = {
        words: re.search(index, plan) is not None
        for statement, plan in plans
        for words, index in wanted.items()
        if asks(statement, words)
    }
    assert found == dict.fromkeys(wanted, True)


def asks(statement: str, words: str) -> bool:
    return statement.lstrip().startswith(("SELECT", "WITH")) and words in statement
