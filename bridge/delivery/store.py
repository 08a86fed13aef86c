"""What holds deliveries back: budgets, pauses and suspicions, shared by all workers.

A budget's row is locked from the reading to the end of the transaction: so the workers ask one after another. It is
the first row that a transaction locks, or two of them would wait for each other.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from bridge.db import Prepared, insert
from bridge.delivery.budget import Budget
from bridge.delivery.pause import Cause, Pause
from bridge.tables import budgets, pauses, suspicions

STATE = tuple(field.name for field in fields(Budget) if field.name != "name")
SAVE = Prepared(
    ("its_name", *(f"new_{name}" for name in STATE)),
    update(budgets)
    .where(budgets.c.name == bindparam("its_name"))
    .values({name: bindparam(f"new_{name}") for name in STATE}),
)
PAUSES = select(pauses).order_by(pauses.c.name)
SUSPICIONS = select(suspicions)
BUDGET = select(budgets).where(budgets.c.name == bindparam("its_name")).with_for_update()


def lock_budget(conn: Connection, name: str) -> Budget:
    """Of this category of endpoints; nobody else has it until the commit."""
    row = conn.execute(BUDGET, {"its_name": name}).mappings().first()
    if row is None:
        conn.execute(insert(conn, budgets).values(name=name).on_conflict_do_nothing())
        row = conn.execute(BUDGET, {"its_name": name}).mappings().one()
    return Budget(**row)


def all_budgets(conn: Connection) -> list[Budget]:
    return [Budget(**row) for row in conn.execute(select(budgets).order_by(budgets.c.name)).mappings()]


def save_budget(conn: Connection, budget: Budget) -> None:
    SAVE.once(conn, budget.name, *(getattr(budget, name) for name in STATE))


def all_pauses(conn: Connection) -> list[Pause]:
    rows = conn.execute(PAUSES).mappings()
    return [Pause(**{**row, "cause": Cause(row["cause"])}) for row in rows]


def save_pause(conn: Connection, pause: Pause) -> None:
    values = asdict(pause)
    row = insert(conn, pauses).values(values)
    conn.execute(row.on_conflict_do_update(index_elements=pauses.primary_key, set_=values))


def is_paused_by_person(conn: Connection, name: str) -> bool:
    """Such a pause ends by a person only: nothing that the bridge finds out may take its place."""
    is_it = (pauses.c.name == name) & (pauses.c.cause == Cause.PERSON)
    return conn.execute(select(pauses.c.name).where(is_it)).first() is not None


def end_pause(conn: Connection, name: str) -> bool:
    """False where there is no such pause."""
    return conn.execute(delete(pauses).where(pauses.c.name == name)).rowcount == 1


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """Alvaria has refused what a rule makes, and has taken nothing of it since."""

    source: str
    rule: str
    mapping_version: str
    key: str
    message: str
    """What was refused, without what differs from one time to the next."""
    times: int


def all_suspicions(conn: Connection) -> dict[tuple[str, str], Suspicion]:
    names = ("source", "rule", "mapping_version", "key", "message", "times")
    rows = conn.execute(SUSPICIONS).mappings()
    return {(row["source"], row["rule"]): Suspicion(**{name: row[name] for name in names}) for row in rows}


def suspect(conn: Connection, found: Suspicion, *, now: datetime) -> None:
    """Remember the newest refusal of the rule."""
    values = {name: getattr(found, name) for name in ("source", "rule", "mapping_version", "key", "message", "times")}
    forget_suspicion(conn, found.source, found.rule)
    conn.execute(suspicions.insert().values(**values, at=now))


def forget_suspicion(conn: Connection, source: str, rule: str) -> None:
    conn.execute(delete(suspicions).where((suspicions.c.source == source) & (suspicions.c.rule == rule)))
