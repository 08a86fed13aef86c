"""Versions of mappings, publications and the state of the files in the database."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select

from bridge.db import insert, notify
from bridge.tables import mapping_files, mapping_versions, publications


class Cause(StrEnum):
    """Why a version came to work."""

    FILE = "file"
    """Its file was read at a start or a reload."""
    PUBLISHED = "published"
    ROLLED_BACK = "rolled back"
    WITHDRAWN = "withdrawn"
    """Its file was removed; nothing is at work."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One mapping as it was loaded once."""

    name: str
    version: str
    texts: Map[str, str] = field(repr=False)
    """By file: the mapping's own first, then those of its layouts."""
    loaded_at: datetime
    loaded_by: str

    @property
    def file(self) -> str:
        return next(iter(self.texts))


@dataclass(frozen=True, kw_only=True)
class Publication:
    """From `at` on this version is at work; none of the name where it is None."""

    name: str
    version: str | None
    cause: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What a file of the folder held when it was last read; it is broken where there are problems."""

    file: str
    name: str | None
    version: str
    problems: tuple[str, ...] = ()
    read_at: datetime

    def __str__(self) -> str:
        more = f", and {len(self.problems) - 1} more" if len(self.problems) > 1 else ""
        first = self.problems[0] if self.problems else "ok"
        return f"{self.file} is broken, its last good version goes on if there is one: {first}{more}"


def keep_version(conn: Connection, version: Version) -> None:
    """Keep it; nothing happens where it is there already."""
    values = {
        "name": version.name,
        "version": version.version,
        "texts": [list(pair) for pair in version.texts.items()],
        "loaded_at": version.loaded_at,
        "loaded_by": version.loaded_by,
    }
    conn.execute(insert(conn, mapping_versions).values(values).on_conflict_do_nothing())


def publish(conn: Connection, publication: Publication) -> None:
    """Only one transaction at a time may do it: the numbers must be seen in their order."""
    values = {name: getattr(publication, name) for name in PUBLISHED}
    conn.execute(publications.insert().values(values))
    notify(conn)


PUBLISHED = ("name", "version", "cause", "at", "by")


def revision(conn: Connection) -> int:
    """It grows with every publication."""
    return conn.execute(select(func.max(publications.c.id))).scalar() or 0


def at_work(conn: Connection) -> dict[str, Publication]:
    """The last publication of each name, but for those that are withdrawn."""
    last = select(func.max(publications.c.id)).group_by(publications.c.name)
    rows = conn.execute(select(publications).where(publications.c.id.in_(last)).order_by(publications.c.name))
    found = [_publication(row) for row in rows]
    return {one.name: one for one in found if one.version is not None}


def from_files(conn: Connection) -> set[str]:
    """The names whose version was last taken from the folder, and not published from elsewhere."""
    taken = publications.c.cause.in_((Cause.FILE, Cause.PUBLISHED))
    last = select(func.max(publications.c.id)).where(taken).group_by(publications.c.name)
    of_files = publications.c.id.in_(last) & (publications.c.cause == Cause.FILE)
    return set(conn.execute(select(publications.c.name).where(of_files)).scalars())


def history(conn: Connection, name: str) -> list[Publication]:
    """All publications of a name, the newest first."""
    of_it = select(publications).where(publications.c.name == name)
    return [_publication(row) for row in conn.execute(of_it.order_by(publications.c.id.desc()))]


def _publication(row: Row[Any]) -> Publication:
    return Publication(**{name: getattr(row, name) for name in PUBLISHED})


def versions(conn: Connection, name: str, beginning: str = "") -> list[Version]:
    """Those of a name whose hash begins so, the newest first."""
    c = mapping_versions.c
    asked = _select_versions().where((c.name == name) & c.version.startswith(beginning, autoescape=True))
    return [_version(row) for row in conn.execute(asked.order_by(c.loaded_at.desc(), c.version))]


def version(conn: Connection, name: str, exactly: str) -> Version:
    """One that is there, since it was published."""
    c = mapping_versions.c
    return _version(conn.execute(_select_versions().where((c.name == name) & (c.version == exactly))).one())


def _select_versions() -> Select[Any]:
    return select(mapping_versions)


def _version(row: Row[Any]) -> Version:
    return Version(
        name=row.name,
        version=row.version,
        texts={file: text for file, text in row.texts},
        loaded_at=row.loaded_at,
        loaded_by=row.loaded_by,
    )


def files(conn: Connection) -> dict[str, FileState]:
    """By file."""
    rows = conn.execute(select(mapping_files).order_by(mapping_files.c.file)).mappings()
    return {row["file"]: FileState(**{**row, "problems": tuple(row["problems"])}) for row in rows}


def keep_file(conn: Connection, state: FileState) -> None:
    values = {
        "name": state.name,
        "version": state.version,
        "problems": list(state.problems),
        "read_at": state.read_at,
    }
    statement = insert(conn, mapping_files).values(file=state.file, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["file"], set_=values))


def drop_file(conn: Connection, file: str) -> None:
    """It is no longer in the folder."""
    conn.execute(delete(mapping_files).where(mapping_files.c.file == file))
