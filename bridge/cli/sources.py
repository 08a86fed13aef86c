"""bridge sources: who may send webhooks, and what came of it."""

import click

from bridge import settings, wiring
from bridge.cli import show
from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.inbox import queries


@click.command("sources")
@show.as_json
def command(json_wanted: bool) -> None:
    """List the sources of the mappings: address, readiness, events so far.

    \b
    Example:
      bridge sources
    """
    read = settings.load(needs_alvaria=False)
    catalogue = wiring.load_catalogue(read)
    counts = _counts(read.database_url)
    rows = [
        {
            "source": name,
            "preset": mapping.source.preset or "–",
            "address": f"{read.public_url}/webhooks/{name}",
            "state": _state(mapping.source.missing_secrets, mapping.rules is not None),
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


def _state(missing: tuple[str, ...], has_rules: bool) -> str:
    if missing:
        return "set " + ", ".join(missing)
    return "ok" if has_rules else "rules broken: see bridge check"


def _counts(database_url: str) -> dict[str, dict[str, object]]:
    """What the database knows; nothing where there is none yet."""
    database = Database(database_url)
    try:
        if not database.is_migrated():
            return {}
        with database.reading() as conn:
            return queries.counts_by_source(conn)
    except DatabaseAway as error:
        click.echo(f"bridge: the database is away ({error}): the counts are left out", err=True)
        return {}
    finally:
        database.close()
