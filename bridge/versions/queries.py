"""What people ask about mappings: which version of each is at work, since when, and what it has done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, distinct, func, select

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
    events: int
    """How many this version has translated."""
    state: str
    problems: tuple[str, ...]


def mapping_lines(conn: Connection) -> list[MappingLine]:
    """What is at work, by name."""
    by_name = {state.name: state for state in store.files(conn).values()}
    working = store.at_work(conn)
    events = _events_translated(conn, [one.version for one in working.values() if one.version])
    return [_line(said, by_name.get(name), events) for name, said in sorted(working.items())]


def _line(said: Publication, file: FileState | None, events: dict[str, int]) -> MappingLine:
    version = said.version or ""
    return MappingLine(
        name=said.name,
        version=version,
        since=said.at,
        by=said.by,
        cause=said.cause,
        events=events.get(version, 0),
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
    counted = select(c.mapping_version, func.count(distinct(c.event_id))).where(
        c.mapping_version.in_(versions) & (c.kind == "translated")
    )
    return {version: number for version, number in conn.execute(counted.group_by(c.mapping_version))}
