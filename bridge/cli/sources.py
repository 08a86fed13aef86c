"""bridge sources: who may send webhooks, and what came of it."""

import click

from bridge import clock, log, settings, wiring
from bridge.cli import show
from bridge.db import Connection, Database
from bridge.errors import DatabaseAway
from bridge.inbox import queries, silence
from bridge.mappings.catalogue import Catalogue
from bridge.mappings.rules import Mapping
from bridge.settings import Settings
from bridge.versions import queries as versions
from bridge.versions.follow import Published


@click.command("sources")
@show.as_json
def command(json_wanted: bool) -> None:
    """List the sources of the mappings: address, whether all is well, events so far.

    \b
    Example:
      bridge sources
    """
    read = settings.load(needs_alvaria=False)
    log.set_up("sources", sandbox=read.sandbox)
    catalogue, states, counts = _known(read)
    rows = [
        {
            "source": name,
            "preset": mapping.source.preset or "–",
            "address": f"{read.public_url}/webhooks/{name}",
            "state": _state(mapping, states.get(name, "ok")),
            **{fact: counts.get(name, {}).get(fact, 0) for fact in ("events", "repetitions", "new")},
            "last": counts.get(name, {}).get("last"),
        }
        for name, mapping in sorted(catalogue.mappings.items())
    ]
    if json_wanted:
        show.as_program_reads(rows)
        return
    columns = ("source", "preset", "address", "state", "events", "repetitions", "new", "last")
    empty = f"No mapping in {read.mappings}. Start one with: bridge presets hubspot"
    show.table(columns, ([show.value(row[column]) for column in columns] for row in rows), empty=empty)


def _state(mapping: Mapping, said: str) -> str:
    if missing := mapping.source.missing_secrets:
        return "set " + ", ".join(missing)
    return said if mapping.rules is not None else "rules broken: see bridge check"


def _known(read: Settings) -> tuple[Catalogue, dict[str, str], dict[str, dict[str, object]]]:
    """What is at work, how it stands to its files, what came. Without a database: what the files hold, and no more."""
    files = wiring.load_catalogue(read)
    database = Database(read.database_url)
    published = Published(database, files, env=read.environ, limits=read.limits)
    try:
        published.follow()
        if not published.is_migrated:
            return files, {}, {}
        with database.reading() as conn:
            return published.catalogue, _states(conn, published.catalogue), queries.counts_by_source(conn)
    except DatabaseAway as error:
        click.echo(f"bridge: the database is away ({error}): the counts are left out", err=True)
        return files, {}, {}
    finally:
        database.close()


def _states(conn: Connection, catalogue: Catalogue) -> dict[str, str]:
    """How each source stands to its file; where all is well with that, whether it is silent."""
    sources = [mapping.source for mapping in catalogue.mappings.values()]
    silent = {one.source: "silent: see bridge doctor" for one in silence.silent(conn, sources, clock.now())}
    broken = {line.name: line.state for line in versions.mapping_lines(conn) if line.state != "ok"}
    return silent | broken
