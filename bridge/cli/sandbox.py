"""bridge sandbox: a stand-in for Alvaria Cloud."""

import sys
from pathlib import Path

import click

from bridge.sandbox import serve


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes any free port.")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="Keep what it holds in this file.")
def command(port: int, data: Path | None) -> None:
    """Serve a stand-in for Alvaria Cloud on this machine, to try and to test with.

    \b
    It accepts any client id with the secret sandbox-secret, and the x-api-key sandbox-key.
    Example:
      bridge sandbox --port 8090 --data var/sandbox.json
      curl -s http://127.0.0.1:8090/_sandbox/requests
    """
    sys.exit(serve.main(port=port, data=str(data) if data else None))
