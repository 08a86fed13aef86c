"""bridge presets: how each CRM is spoken to, as YAML to start from."""

from dataclasses import asdict, astuple

import click

from bridge.cli import show
from bridge.documents import did_you_mean
from bridge.sources import overview, schema


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
    """
    if name:
        if name not in schema.preset_names():
            raise click.ClickException(
                f"there is no preset {name!r}{did_you_mean(name, schema.preset_names()) or LIST}"
            )
        click.echo(schema.preset_text(name), nl=False)
    elif markdown:
        click.echo(overview.page(), nl=False)
    elif json_wanted:
        show.as_program_reads([asdict(line) for line in overview.overview()])
    else:
        show.table(tuple(overview.HEADINGS.values()), [astuple(line) for line in overview.overview()])


LIST = "; bridge presets lists them"
