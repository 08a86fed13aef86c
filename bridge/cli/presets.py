"""bridge presets: how each CRM is spoken to, as YAML to start from."""

from dataclasses import asdict

import click

from bridge.cli import show
from bridge.documents import did_you_mean
from bridge.sources import overview, schema
from bridge.sources.presets import preset_parts

SHOWN = ("name", "what", "proof", "secrets")
"""What a terminal has room for; the sentences about the sender are for --json and for the page."""
REST = "bridge presets NAME prints one. What each CRM expects of us: docs/presets.md, or bridge presets --json"
LIST = "; bridge presets lists them"


@click.command("presets")
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="The list as a page of the documentation.")
@show.as_json
def command(name: str | None, markdown: bool, json_wanted: bool) -> None:
    """List the presets, or print one as YAML: what a source says when it is written out in full.

    \b
    Examples:
      bridge presets
      bridge presets hubspot
      bridge presets hubspot --json
    """
    if name:
        _print(name, json_wanted=json_wanted)
    elif markdown:
        click.echo(overview.page(), nl=False)
    elif json_wanted:
        show.as_program_reads([asdict(line) for line in overview.overview()])
    else:
        lines = [[asdict(line)[fact] for fact in SHOWN] for line in overview.overview()]
        show.table([overview.HEADINGS[fact] for fact in SHOWN], lines)
        click.echo(f"\n{REST}", err=True)


def _print(name: str, *, json_wanted: bool) -> None:
    if name not in schema.preset_names():
        raise click.ClickException(f"there is no preset {name!r}{did_you_mean(name, schema.preset_names()) or LIST}")
    if json_wanted:
        show.as_program_reads(preset_parts(name))
    else:
        click.echo(schema.preset_text(name), nl=False)
