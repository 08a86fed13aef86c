"""bridge worker: translates events and sends deliveries."""

import click

from bridge import log, settings, wiring, worker


@click.command("worker")
def command() -> None:
    """Translate events and send deliveries until SIGTERM; any number of workers may run on one PostgreSQL.

    \b
    Example:
      bridge worker
    """
    read = settings.load()
    log.set_up("worker", sandbox=read.sandbox)
    worker.run(wiring.build(read))
