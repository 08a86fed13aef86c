"""bridge pause: let deliveries wait, and see which do."""

from collections.abc import Collection
from dataclasses import asdict

import click

from bridge import clock
from bridge.cli import rows, show
from bridge.db import Database
from bridge.delivery import store
from bridge.delivery.pause import by_person, in_words
from bridge.delivery.resume import name_of
from bridge.versions import queries as versions


@click.command("pause")
@click.argument("name", metavar="[SOURCE|OPERATION|all]", required=False)
@click.option("--reason", default="a person paused it", show_default=True, help="Why; others will read it.")
@show.as_json
def command(name: str | None, reason: str, json_wanted: bool) -> None:
    """Let deliveries wait: those of a source, of an operation, or all. Without a name, list what is paused and why.

    \b
    Webhooks are taken in and translated as always. What is on its way at this moment still arrives.
    Examples:
      bridge pause hubspot --reason "its owner field is being cleaned up"
      bridge pause campaign.insertFastPathRecords
      bridge pause
    """
    with rows.opened() as database:
        if name:
            _pause(database, name, reason)
        else:
            _list(database, json_wanted)


def _pause(database: Database, said: str, reason: str) -> None:
    name = name_of(said, sources(database))
    with database.transaction() as conn:
        store.save_pause(conn, by_person(name, reason, clock.now()))
    click.echo(f"{name} is paused. To go on: bridge resume {said}")


def sources(database: Database) -> Collection[str]:
    """Those at work, and those of the files."""
    with database.reading() as conn:
        published = [line.name for line in versions.mapping_lines(conn)]
    return {*published, *rows.at_work(database).mappings}


def _list(database: Database, json_wanted: bool) -> None:
    with database.reading() as conn:
        found = store.all_pauses(conn)
    if json_wanted:
        show.as_program_reads([{**asdict(pause), "words": in_words(pause, clock.now())} for pause in found])
        return
    columns = ("name", "cause", "since", "next try", "reason")
    lines = (
        (one.name, one.cause, show.value(one.since), show.value(one.probe_at) or "a person", one.reason)
        for one in found
    )
    show.table(columns, lines, empty="Nothing is paused.")
