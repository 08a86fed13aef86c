"""A database belongs to the organisation that it first delivered to, so that no queue reaches another's customers."""

from sqlalchemy import Connection, select

from bridge.db import insert
from bridge.errors import BadSettings
from bridge.tables import facts

NAME = "delivers_to"


def check(conn: Connection, target: str) -> None:
    """Raise BadSettings if the database belongs to another target."""
    bound = conn.execute(select(facts.c.value).where(facts.c.name == NAME)).scalar()
    if bound is not None and bound != target:
        raise BadSettings(
            (
                f"DATABASE_URL: this database delivers to {bound}, but the settings say {target}; "
                "use another database for another organisation, or mend ALVARIA_ORG_ID and ALVARIA_BASE_URL",
            )
        )


def bind(conn: Connection, target: str) -> None:
    """Belong to `target` from now on, or raise BadSettings as `check` does."""
    conn.execute(insert(conn, facts).values(name=NAME, value=target).on_conflict_do_nothing())
    check(conn, target)
