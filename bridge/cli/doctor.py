"""bridge doctor: is all well?"""

import sys
from contextlib import closing
from dataclasses import asdict

import click

from bridge import clock, settings, wiring
from bridge.cli import show
from bridge.maintenance.doctor import examine


@click.command("doctor")
@show.as_json
def command(json_wanted: bool) -> None:
    """Look at settings, mappings, database, token, each scope and the clock; say what to do where one fails.

    \b
    Nothing is changed. Exit code 0 only if nothing has failed.
    Example:
      bridge doctor
    """
    with closing(wiring.build(settings.load())) as bridge:
        findings = list(examine(bridge.settings, bridge.catalogue, bridge.database, bridge.client, now=clock.now()))
    if json_wanted:
        show.as_program_reads([asdict(finding) for finding in findings])
    else:
        show.table(("state", "what", "finding"), ((one.state, one.what, one.words) for one in findings))
    sys.exit(1 if any(one.state == "failed" for one in findings) else 0)
