"""bridge run: web and worker under one supervisor, for a small site."""

import os
import sys
import tempfile
from pathlib import Path

import click

from bridge import log, programs, settings
from bridge.db import Database
from bridge.supervise import Program, Supervisor


@click.command("run")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen.  [default: $PORT, else 8080]")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 listens on every address.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option(
    "--delivery-workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that deliver."
)
@click.option("--sandbox", is_flag=True, help="Deliver to the sandbox, which is started too, instead of Alvaria Cloud.")
@click.option("--watch", is_flag=True, help="Publish mappings as soon as their files change.")
def command(  # noqa: PLR0913, PLR0917 (click hands each option over by its name)
    port: int | None, host: str, workers: int, delivery_workers: int, sandbox: bool, watch: bool
) -> None:
    """Run the web server and the workers until SIGTERM or Ctrl-C; what ends by itself is started again.

    \b
    SIGHUP has the mappings read again, as `bridge mappings reload` does.
    Example:
      bridge run --sandbox --watch
      bridge run --host 0.0.0.0 --port 8080 --workers 4
    """
    if sandbox:
        os.environ["BRIDGE_SANDBOX"] = "1"
    read = settings.load()
    log.set_up("run", sandbox=read.sandbox)
    port = port or read.port
    if not programs.is_free(port, host):
        raise click.ClickException(f"port {port} on {host} is taken; choose another with --port")
    with tempfile.TemporaryDirectory(prefix="bridge-metrics-") as metrics:
        counts = Path(metrics)
        names = [f"worker-{number}" for number in range(1, delivery_workers + 1)]
        parts = [programs.worker(metrics=counts, name=name) for name in names]
        parts.append(programs.web(host=host, port=port, workers=workers, metrics=counts))
        if watch:
            parts.append(programs.watcher())
        if read.sandbox and "ALVARIA_BASE_URL" not in os.environ:
            parts.insert(0, _sandbox())
        _migrate(read.database_url)
        _say(host, port)
        sys.exit(Supervisor(parts).run())


def _sandbox() -> Program:
    """The sandbox on its own port, or on a free one; the other programs are told by the environment."""
    chosen = programs.free_port(8090)
    os.environ["ALVARIA_BASE_URL"] = f"http://127.0.0.1:{chosen}"
    Path("var").mkdir(exist_ok=True)
    return programs.sandbox(port=chosen, data=Path("var/sandbox.json"))


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


def _say(host: str, port: int) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (only shown)
    click.echo(
        f"Context Bridge: http://{shown}:{port}/webhooks/<source>   health: /readyz   metrics: /metrics", err=True
    )
    if os.environ.get("BRIDGE_SANDBOX"):
        click.echo(f"SANDBOX, not Alvaria Cloud: {os.environ.get('ALVARIA_BASE_URL')}", err=True)
