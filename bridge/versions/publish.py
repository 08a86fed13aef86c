"""Files -> versions that are kept, and for each name the one that is at work.

The folder decides when something in it has changed; a person decides at any time. So a version that was rolled back
stays until its file changes again or somebody publishes another. What is broken is kept too, and never replaces
what works.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bridge.db import Connection, alone
from bridge.errors import BridgeError
from bridge.mappings.catalogue import FileRead
from bridge.versions import store
from bridge.versions.store import Cause, FileState, Publication, Version


class Became(StrEnum):
    """What became of a file when the folder was read."""

    PUBLISHED = "published"
    WITHOUT_RULES = "rules broken: it only receives, events wait"
    UNCHANGED = "unchanged"
    NOT_AT_WORK = "unchanged; another version is at work"
    LAST_GOOD = "broken: the last good version goes on"
    UNUSABLE = "broken: nothing of it can be used"
    WITHDRAWN = "withdrawn: its file is gone"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One line of what reading the folder has led to."""

    file: str
    name: str | None
    version: str | None
    became: Became


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where somebody publishes: the transaction, who it is, and when. Nobody else publishes meanwhile."""

    conn: Connection
    by: str
    now: datetime

    def publish(self, name: str, version: str | None, cause: Cause) -> None:
        said = Publication(name=name, version=version, cause=cause, at=self.now, by=self.by)
        store.publish(self.conn, said)

    def keep(self, name: str, read: FileRead) -> None:
        kept = Version(name=name, version=read.version, texts=read.texts, loaded_at=self.now, loaded_by=self.by)
        store.keep_version(self.conn, kept)

    def keep_file(self, name: str | None, read: FileRead) -> None:
        state = FileState(
            file=Path(read.file).name,
            name=name,
            version=read.version,
            problems=tuple(str(problem) for problem in read.errors),
            read_at=self.now,
        )
        store.keep_file(self.conn, state)


def desk(conn: Connection, *, by: str, now: datetime) -> Desk:
    """Wait until nobody else publishes."""
    alone(conn, "publish")
    return Desk(conn=conn, by=by, now=now)


def take_folder(at: Desk, files: Sequence[FileRead]) -> list[Taken]:
    """Publish each file that has changed since the folder was last read, if it can be used."""
    before, working = store.files(at.conn), store.at_work(at.conn)
    taken = [_take(at, read, before.get(Path(read.file).name), working) for read in files]
    # While a file does not say which source it is for, nobody knows which sources are gone.
    if files and all(read.mapping for read in files):
        taken += _withdraw(at, files, before, working)
    return taken


def _take(at: Desk, read: FileRead, before: FileState | None, working: dict[str, Publication]) -> Taken:
    name = read.mapping.name if read.mapping else before.name if before else None
    current = working.get(name or "")
    if _has_changed(name, read, before):
        at.keep_file(name, read)
        became = _publish_changed(at, name, read, current)
    else:
        became = _unchanged(read, current)
    return Taken(file=read.file, name=name, version=read.version or None, became=became)


def _has_changed(name: str | None, read: FileRead, before: FileState | None) -> bool:
    """The same text may be good today and have been broken yesterday, by another limit or version of ours."""
    if before is None:
        return True
    return (before.name, before.version, bool(before.problems)) != (name, read.version, bool(read.errors))


def _publish_changed(at: Desk, name: str | None, read: FileRead, current: Publication | None) -> Became:
    if name and read.texts:
        at.keep(name, read)
    if name and read.mapping and (read.is_good or current is None):
        if current is None or current.version != read.version:
            at.publish(name, read.version, Cause.FILE)
        return Became.PUBLISHED if read.is_good else Became.WITHOUT_RULES
    return Became.LAST_GOOD if current else Became.UNUSABLE


def _unchanged(read: FileRead, current: Publication | None) -> Became:
    is_it = current is not None and current.version == read.version
    if read.is_good:
        return Became.UNCHANGED if is_it else Became.NOT_AT_WORK
    if is_it:
        return Became.WITHOUT_RULES
    return Became.LAST_GOOD if current else Became.UNUSABLE


def _withdraw(
    at: Desk, files: Sequence[FileRead], before: dict[str, FileState], working: dict[str, Publication]
) -> Iterator[Taken]:
    for file in before.keys() - {Path(read.file).name for read in files}:
        store.drop_file(at.conn, file)
    named = {read.mapping.name for read in files if read.mapping}
    for name in sorted((store.from_files(at.conn) & working.keys()) - named):
        at.publish(name, None, Cause.WITHDRAWN)
        yield Taken(file="", name=name, version=working[name].version, became=Became.WITHDRAWN)


def publish_files(at: Desk, files: Sequence[FileRead], folder: Path) -> list[Taken]:
    """Publish these, whatever was at work before. All of them can be used: the caller has looked."""
    working = store.at_work(at.conn)
    return [_publish_file(at, read.mapping.name, read, working, folder) for read in files if read.mapping]


def _publish_file(at: Desk, name: str, read: FileRead, working: dict[str, Publication], folder: Path) -> Taken:
    at.keep(name, read)
    is_own = Path(read.file).resolve().parent == folder.resolve()
    if is_own:
        # Else the next start would take the file for changed, and publish it over a rollback.
        at.keep_file(name, read)
    if name in working and working[name].version == read.version:
        return Taken(file=read.file, name=name, version=read.version, became=Became.UNCHANGED)
    at.publish(name, read.version, Cause.FILE if is_own else Cause.PUBLISHED)
    return Taken(file=read.file, name=name, version=read.version, became=Became.PUBLISHED)


def earlier(conn: Connection, name: str, beginning: str | None) -> Version:
    """The version to go back to: the one whose hash begins so, or the one that was at work before this one."""
    past = store.history(conn, name)
    if beginning:
        return found(conn, name, beginning)
    current = past[0].version if past else None
    was_published = [place for place, one in enumerate(past) if _is_first_time(one, current)]
    older = [one.version for one in past[min(was_published, default=0) :] if one.version not in (None, current)]
    if not older or older[0] is None:
        raise BridgeError(f"{name}: there is no earlier version to go back to; see: bridge mappings list")
    return store.version(conn, name, older[0])


def _is_first_time(one: Publication, current: str | None) -> bool:
    """Whoever rolls back twice wants to go back further, and not forth again."""
    return one.version == current and one.cause != Cause.ROLLED_BACK


def found(conn: Connection, name: str, beginning: str) -> Version:
    """The only kept version of the name that begins so."""
    kept = store.versions(conn, name, beginning)
    if len(kept) == 1:
        return kept[0]
    known = ", ".join(one.version for one in store.versions(conn, name)) or "none"
    words = "is not kept" if not kept else "may be one of several"
    raise BridgeError(f"{name}: version {beginning!r} {words}; kept are: {known}")


def roll_back(at: Desk, to: Version) -> None:
    """Let an earlier version work from now on."""
    at.publish(to.name, to.version, Cause.ROLLED_BACK)
