"""bridge mappings: which version of each is at work, what it says, and how another one comes to work."""

import getpass
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bridge import clock, log, settings, wiring
from bridge.cli import rows, show
from bridge.db import Connection, Database
from bridge.errors import BadDocument, DatabaseAway, Problem
from bridge.mappings import catalogue, trial
from bridge.mappings.catalogue import Catalogue, FileRead, fingerprint, read_texts
from bridge.settings import Settings
from bridge.versions import publish, queries, store
from bridge.versions.follow import tell
from bridge.versions.publish import Became, Desk, Taken

WATCH_EVERY_S = 1.0
BROKEN = (Became.LAST_GOOD, Became.UNUSABLE, Became.WITHOUT_RULES)


@click.group("mappings")
def command() -> None:
    """See, publish and roll back mappings. All processes follow within a few seconds; none needs a restart.

    \b
    Examples:
      bridge mappings list
      bridge mappings publish mappings/hubspot.yaml
      bridge mappings rollback hubspot
    """


@command.command("list", short_help="The mappings at work, and how their files are.")
@show.as_json
def list_(json_wanted: bool) -> None:
    """List the mappings at work: version, since when, how many events it has translated, how its file is.

    \b
    Example:
      bridge mappings list
    """
    with rows.opened() as database, database.reading() as conn:
        lines = queries.counted_lines(conn)
        broken = [problem for state in store.files(conn).values() for problem in state.problems]
    if json_wanted:
        show.as_program_reads([asdict(line) for line in lines])
        return
    show.table(
        ("name", "version", "since", "by", "events", "state"),
        ((line.name, line.version, show.value(line.since), line.by, line.events, line.state) for line in lines),
        empty="None is published yet: bridge mappings reload",
    )
    for problem in broken:
        click.echo(f"error    {problem}")


@command.command("show", short_help="A version's text, with its problems at their lines.")
@click.argument("name")
@click.option("--version", "beginning", help="The beginning of a version's hash.  [default: what is at work]")
@show.as_json
def show_(name: str, beginning: str | None, json_wanted: bool) -> None:
    """Print a version's text with its problems at their lines, then its layouts.

    \b
    Examples:
      bridge mappings show hubspot
      bridge mappings show hubspot --version 3f2a
    """
    read = settings.load(needs_alvaria=False)
    with rows.opened() as database, database.reading() as conn:
        said = store.at_work(conn).get(name)
        version = publish.found(conn, name, beginning or (said.version if said and said.version else ""))
        past = store.history(conn, name)
    problems = read_texts(version.texts, env=read.environ, limits=read.limits).problems
    if json_wanted:
        whole = {
            **asdict(version),
            "problems": [asdict(one) for one in problems],
            "publications": list(map(asdict, past)),
        }
        show.as_program_reads(whole)
        return
    since = f"at work since {show.value(said.at)}" if said and said.version == version.version else "not at work"
    click.echo(f"{name} {version.version}: loaded {show.value(version.loaded_at)} by {version.loaded_by}; {since}")
    for file, text in version.texts.items():
        _print(file, text, problems)


def _print(file: str, text: str, problems: Sequence[Problem]) -> None:
    out = show.console()
    out.print(show.plain(f"\n{file}"), style="bold")
    for number, line in enumerate(text.splitlines(), start=1):
        out.print(show.plain(f"{number:>4}  {line}"))
        for problem in problems:
            if (problem.file, problem.line) == (file, number):
                words = f"{problem.path}: {problem.message}" if problem.path else problem.message
                out.print("      ^", show.state(problem.severity), show.plain(words))


@command.command("publish", short_help="Let these files work from now on.")
@click.argument("files", metavar="FILE…", type=click.Path(path_type=Path), nargs=-1, required=True)
@show.as_json
def publish_(files: tuple[Path, ...], json_wanted: bool) -> None:
    """Let these files work from now on: all of them, or none where one has a mistake or a failing test.

    \b
    Examples:
      bridge mappings publish mappings/hubspot.yaml
      bridge mappings publish ~/drafts/hubspot.yaml
    """
    read = settings.load(needs_alvaria=False)
    found = catalogue.check(files, env=read.environ, limits=read.limits)
    _refuse_mistakes(found, read)
    with rows.opened() as database, database.transaction() as conn:
        taken = publish.publish_files(_desk(conn), found.files, read.mappings)
    _show_taken(taken, json_wanted=json_wanted)


def _refuse_mistakes(found: Catalogue, read: Settings) -> None:
    failed = [problem for mapping in found.mappings.values() for problem in trial.run(mapping, limits=read.limits)]
    mistakes = [problem for problem in (*found.problems, *failed) if problem.severity == "error"]
    if mistakes:
        raise BadDocument(tuple(mistakes))


@command.command("rollback", short_help="Let an earlier version work again.")
@click.argument("name")
@click.argument("version", required=False)
@show.as_json
def rollback(name: str, version: str | None, json_wanted: bool) -> None:
    """Let the version before this one work again, or the one whose hash begins with VERSION.

    \b
    It stays until the file changes again, or somebody publishes another.
    Examples:
      bridge mappings rollback hubspot
      bridge mappings rollback hubspot 3f2a
    """
    read = settings.load(needs_alvaria=False)
    with rows.opened() as database, database.transaction() as conn:
        desk = _desk(conn)
        to = publish.earlier(conn, name, version)
        _refuse_unusable(read_texts(to.texts, env=read.environ, limits=read.limits))
        publish.roll_back(desk, to)
    back = Taken(file=to.file, name=name, version=to.version, became=Became.PUBLISHED)
    _show_taken([back], json_wanted=json_wanted)


def _refuse_unusable(read: FileRead) -> None:
    if not read.is_good:
        raise BadDocument(read.errors)


@command.command("reload", short_help="Read the folder of mappings, as a start does.")
@click.option("--watch", is_flag=True, help="Go on, and publish whenever a file changes.")
@show.as_json
def reload(watch: bool, json_wanted: bool) -> None:
    """Read the folder of mappings, as a start does: publish what has changed in it and has no mistake.

    \b
    Exit code 1 if a file is broken; what worked before goes on then.
    Examples:
      bridge mappings reload
      bridge mappings reload --watch
    """
    read = settings.load(needs_alvaria=False)
    with rows.opened() as database:
        if watch:
            log.set_up("watcher", sandbox=read.sandbox)
            _watch(database, read)
        found, taken = _reload(database, read)
    _show_taken(taken, json_wanted=json_wanted)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    for problem in errors:
        click.echo(f"error    {problem}", err=True)
    sys.exit(1 if errors or any(one.became in BROKEN for one in taken) else 0)


def _reload(database: Database, read: Settings) -> tuple[Catalogue, list[Taken]]:
    with database.transaction() as conn:
        desk = _desk(conn)
        found = wiring.load_catalogue(read)
        return found, publish.take_folder(desk, found.files)


def _watch(database: Database, read: Settings) -> None:
    """Until a signal ends it: nothing is lost by that, since what it does is one transaction."""
    seen: Any = None
    while True:
        now = fingerprint(read.mappings)
        if now != seen:
            try:
                tell(*_reload(database, read))
                seen = now
            except DatabaseAway as error:
                log.warning("database.away", reason=str(error))
        threading.Event().wait(WATCH_EVERY_S)


def _desk(conn: Connection) -> Desk:
    return publish.desk(conn, by=_who(), now=clock.now())


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"  # a container's user may have no name
    return f"{user} on {socket.gethostname()}"


def _show_taken(taken: Sequence[Taken], *, json_wanted: bool) -> None:
    if json_wanted:
        show.as_program_reads([asdict(one) for one in taken])
        return
    show.table(("name", "version", "file", "what"), ((one.name, one.version, one.file, one.became) for one in taken))
