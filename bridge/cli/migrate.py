"""bridge migrate: brings the database's tables up to date."""

import sys
from contextlib import closing

import click

from bridge import settings
from bridge.db import Database


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if something is to be done.")
def command(check: bool) -> None:
    """Bring the database's tables to this version's form; doing it twice does no harm.

    \b
    Example:
      DATABASE_URL=postgresql://bridge@db/bridge bridge migrate
    """
    with closing(Database(settings.load(needs_alvaria=False).database_url)) as database:
        if not check:
            database.migrate()
        is_done = database.is_migrated()
    click.echo("The tables are up to date." if is_done else "The tables are not up to date; run: bridge migrate")
    sys.exit(0 if is_done else 1)
