"""What people ask about mappings: which version of each is at work, since when, and what it has done."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, distinct, func, select

from bridge.tables import outcomes
from bridge.versions import store
from bridge.versions.store import FileState, Publication


@dataclass(frozen=True, kw_only=True)
class MappingLine:
    name: str
    version: str
    since: datetime
    by: str
    cause: str
    events: int | None = None
    """How many this version has translated; None where that was not counted."""
    state: str
    problems: tuple[str, ...]


def mapping_lines(conn: Connection) -> list[MappingLine]:
    """What is at work, by name."""
    by_name = {state.name: state for state in store.files(conn).values()}
    return [_line(said, by_name.get(name)) for name, said in sorted(store.at_work(conn).items())]


def counted_lines(conn: Connection) -> list[MappingLine]:
    """The same with their events: to count them takes longer the more there are."""
    lines = mapping_lines(conn)
    events = _events_translated(conn, [line.version for line in lines])
    return [replace(line, events=events.get(line.version, 0)) for line in lines]


def _line(said: Publication, file: FileState | None) -> MappingLine:
    version = said.version or ""
    return MappingLine(
        name=said.name,
        version=version,
        since=said.at,
        by=said.by,
        cause=said.cause,
        state=state(version, file),
        problems=file.problems if file else (),
    )


def state(version: str, file: FileState | None) -> str:
    """How a version at work stands to its file."""
    if file is None:
        return "ok"
    if not file.problems:
        return "ok" if file.version == version else f"not that of {file.file}, which holds {file.version}"
    if file.version == version:
        return "rules broken: events wait"
    return "file broken: last good runs"


def _events_translated(conn: Connection, versions: list[str]) -> dict[str, int]:
    c = outcomes.c
    # Written out, since SQLite counts by the index alone only where it can see that its condition holds.
    translated: BindParameter[str] = bindparam("kind", "translated", literal_execute=True)
    counted = select(c.mapping_version, func.count(distinct(c.event_id))).where(
        c.mapping_version.in_(versions) & (c.kind == translated)
    )
    return {version: number for version, number in conn.execute(counted.group_by(c.mapping_version))}
