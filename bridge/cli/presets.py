"""bridge presets: how each CRM is spoken to, as YAML to start from."""

import click

from bridge.cli import show
from bridge.documents import load
from bridge.sources import schema


@click.command("presets")
@click.argument("name", required=False)
@show.as_json
def command(name: str | None, json_wanted: bool) -> None:
    """List the presets, or print one as YAML: what a source says when it is written out in full.

    \b
    Examples:
      bridge presets
      bridge presets hubspot
    """
    if name:
        click.echo(schema.preset_text(name), nl=False)
        return
    rows = [(known, *_facts(known)) for known in schema.preset_names()]
    if json_wanted:
        show.as_program_reads([dict(zip(("name", *FACTS), row, strict=True)) for row in rows])
        return
    show.table(("preset", "what", "answer within", "retries", "what an error costs there"), rows)


def _facts(name: str) -> list[str]:
    docs = load(schema.preset_text(name), f"{name}.yaml").data.get("docs", {})
    return [docs.get(fact, "") for fact in FACTS]


FACTS = ("title", "deadline", "retries", "error_costs")
