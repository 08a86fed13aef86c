"""Many rows at once: the statement and what each column does to a value are worked out once, not for each row."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert
Convert: TypeAlias = Callable[[Any], Any]


class Bulk:
    """A statement that is run once for each of many rows; a row has its values in the order of `names`.

    Through SQLAlchemy's own `execute` a row costs more than the database needs to store it.
    """

    def __init__(self, names: Sequence[str], statement: Executable | Callable[[Connection], Executable]) -> None:
        self.names = tuple(names)
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Nothing is returned: not all drivers could say of many rows what became of each."""
        columns = list(zip(*rows, strict=True))
        if columns:
            compiled = self._for(conn)
            conn.exec_driver_sql(compiled.sql, list(compiled.converted(columns)))

    def _for(self, conn: Connection) -> "_Compiled":
        kind = conn.dialect.name
        if kind not in self._compiled:
            made = self._statement(conn) if callable(self._statement) else self._statement
            self._compiled[kind] = _Compiled(made, self.names, conn.dialect)
        return self._compiled[kind]


class _Compiled:
    def __init__(self, statement: Any, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.sql = str(compiled)
        places = compiled.positiontup
        types = [compiled.binds[name].type.dialect_impl(dialect) for name in places]
        self._places = [
            (names.index(name), kind.bind_processor(dialect)) for name, kind in zip(places, types, strict=True)
        ]

    def converted(self, columns: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
        """Column by column, since most need no conversion."""
        return zip(
            *(map(convert, columns[place]) if convert else columns[place] for place, convert in self._places),
            strict=True,
        )


def next_ids(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """So many new ids of the table, in ascending order; for one writer of the table at a time on SQLite only."""
    if conn.dialect.name == "postgresql":
        return conn.execute(NEXT_IDS, {"name": table.name, "count": count}).scalars().all()
    last = conn.execute(LAST_ID, {"name": table.name}).scalar() or 0
    return range(last + 1, last + count + 1)


NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count) ORDER BY 1")
LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
