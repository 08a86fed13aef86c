"""What commands that list rows have in common: the database, and the filters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from bridge import settings, wiring
from bridge.db import Database
from bridge.errors import BadSettings
from bridge.inbox.queries import Wanted
from bridge.mappings.catalogue import Catalogue
from bridge.versions.follow import Published


@contextmanager
def opened() -> Iterator[Database]:
    """The database of the settings; its tables must be there."""
    database = Database(settings.load(needs_alvaria=False).database_url)
    try:
        if not database.is_migrated():
            raise BadSettings(("DATABASE_URL: its tables are not up to date; run: bridge migrate",))
        yield database
    finally:
        database.close()


def at_work(database: Database) -> Catalogue:
    """The mappings as they are at work, not as the files may say by now."""
    known = settings.load(needs_alvaria=False)
    files = wiring.load_catalogue(known)
    published = Published(database, files, env=known.environ, limits=known.limits)
    published.follow()
    return published.catalogue


class Moment(click.ParamType[datetime]):
    """A time, in UTC where it says no zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2026-05-12 or 2026-05-12T09:30:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """--source --type --state --since --until --limit."""
    return of_events(page(command))


def page(command: Callable[..., None]) -> Callable[..., None]:
    """--state --limit, of what is listed row by row."""
    so_many = click.IntRange(1, 10_000)
    limit = click.option("--limit", default=50, show_default=True, type=so_many, help="At most so many.")
    state = click.option("--state", help="In this state, such as new or dead.")
    return state(limit(command))


def of_events(command: Callable[..., None]) -> Callable[..., None]:
    """--source --type --since --until: by the event, or the one that a delivery came of."""
    for option in (
        click.option("--until", type=Moment(), help="Received before this time (UTC)."),
        click.option("--since", type=Moment(), help="Received at this time or later (UTC)."),
        click.option("--type", help="Of this type, such as contact.creation."),
        click.option("--source", help="Of this source."),
    ):
        command = option(command)
    return command


def of_deliveries(command: Callable[..., None]) -> Callable[..., None]:
    """--source --rule --type --customer --operation --since --until."""
    for option in (
        click.option("--operation", help="Of this operation, such as campaign.insertFastPathRecords."),
        click.option("--customer", help="For this customer's id."),
        click.option("--rule", help="Of this rule of the mapping."),
    ):
        command = option(command)
    return of_events(command)


def wanted(**options: Any) -> Wanted:
    return Wanted(**options)
