"""bridge resume: what was paused goes on."""

import click

from bridge import clock
from bridge.cli import rows
from bridge.delivery import store
from bridge.delivery.resume import paused_name, resume


@click.command("resume")
@click.argument("name", metavar="SOURCE|OPERATION|all|NAME")
def command(name: str) -> None:
    """Let what was paused go on, by a person or by the bridge itself; NAME is as `bridge pause` lists it.

    \b
    What was put off meanwhile is due at once.
    Examples:
      bridge resume hubspot
      bridge resume rule:hubspot/profile
    """
    with rows.opened() as database:
        with database.reading() as conn:
            found = paused_name(name, [pause.name for pause in store.all_pauses(conn)])
        number = resume(database, found, clock.now())
    click.echo(f"{found} goes on; {number} deliveries that were put off are due now.")
