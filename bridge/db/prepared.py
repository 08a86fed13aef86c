"""Statements that are put together once: how they read, and what each of their parameters does to a value.

Through SQLAlchemy's own `execute`, saying a statement costs more than the database needs to carry it out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Insert,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

Convert: TypeAlias = Callable[[Any], Any]


class Prepared:
    """A statement with these parameters; for an INSERT they are its columns.

    What `once` returns comes as the driver gives it: no types of ours are applied.
    """

    def __init__(self, names: Sequence[str], statement: Executable | Callable[[Connection], Executable]) -> None:
        self.names = tuple(names)
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def once(self, conn: Connection, *row: Any) -> CursorResult[Any]:
        """Carry it out with these values, in the order of the names."""
        compiled = self._for(conn)
        [values] = compiled.converted([(value,) for value in row], 1)
        return conn.exec_driver_sql(compiled.sql, values)

    def rows(self, conn: Connection, *row: Any) -> list[tuple[Any, ...]]:
        """What a SELECT finds, with the types of its columns applied."""
        found = self.once(conn, *row).all()
        return list(self._for(conn).read(found)) if found else []

    def many(self, conn: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Carry it out for each of the rows; not all drivers could say of many what became of each."""
        columns = list(zip(*rows, strict=True))
        if columns:
            compiled = self._for(conn)
            conn.exec_driver_sql(compiled.sql, list(compiled.converted(columns, len(columns[0]))))

    def _for(self, conn: Connection) -> "_Compiled":
        kind = conn.dialect.name
        if kind not in self._compiled:
            made = self._statement(conn) if callable(self._statement) else self._statement
            self._compiled[kind] = _Compiled(made, self.names, conn.dialect)
        return self._compiled[kind]


class _Compiled:
    """A statement as one kind of database reads it."""

    def __init__(self, statement: Any, names: Sequence[str], dialect: Dialect) -> None:
        columns = names if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.sql = str(compiled)
        self._parameters = [
            (
                names.index(name) if name in names else None,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ]

        self._reads = [_reading(column, dialect) for column in getattr(statement, "selected_columns", ())]

    def read(self, found: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
        """As `converted`, the other way."""
        columns = zip(*found, strict=True)
        return zip(
            *(map(read, each) if read else each for read, each in zip(self._reads, columns, strict=True)), strict=True
        )

    def converted(self, columns: Sequence[Sequence[Any]], count: int) -> Iterator[tuple[Any, ...]]:
        """Column by column, since most need no conversion."""
        return zip(*(self._values(columns, count)), strict=True)

    def _values(self, columns: Sequence[Sequence[Any]], count: int) -> Iterator[Iterable[Any]]:
        for place, fixed, convert in self._parameters:
            values = repeat(fixed, count) if place is None else columns[place]
            yield map(convert, values) if convert else values


def _reading(column: ColumnElement[Any], dialect: Dialect) -> Convert | None:
    return column.type.dialect_impl(dialect).result_processor(dialect, None)


class IdList(TypeDecorator[Sequence[int]]):
    """Many ids in one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def bind_processor(self, dialect: Dialect) -> Convert:
        return list if dialect.name == "postgresql" else _json


def _json(ids: Sequence[int]) -> str:
    return str(list(ids))


class among(ColumnElement[bool]):
    """Whether the column is one of the ids in the parameter of this name."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[int], name: str) -> None:
        self.column = column
        self.ids = bindparam(name, type_=IdList())


@compiles(among)
def _among(element: among, compiler: Any, **_: Any) -> str:
    column, ids = compiler.process(element.column), compiler.process(element.ids)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608 (both are SQLAlchemy's own words)


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: Any, **_: Any) -> str:
    return f"{compiler.process(element.column)} = ANY({compiler.process(element.ids)})"


def next_ids(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """So many new ids of the table, in ascending order. On SQLite nobody else may write meanwhile."""
    if conn.dialect.name == "postgresql":
        return conn.execute(NEXT_IDS, {"name": table.name, "count": count}).scalars().all()
    last = conn.execute(LAST_ID, {"name": table.name}).scalar() or 0
    return range(last + 1, last + count + 1)


NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count) ORDER BY 1")
LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
