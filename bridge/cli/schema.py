"""bridge schema: what editors need to know to help with a mapping or a layout."""

from collections.abc import Callable, Mapping

import click

from bridge.cli import show
from bridge.mappings.schema import editor

KINDS: Mapping[str, Callable[[], object]] = {"mapping": editor.mapping_schema, "layout": editor.layout_schema}


@click.command("schema")
@click.argument("kind", type=click.Choice(list(KINDS)))
def command(kind: str) -> None:
    """Print the JSON Schema of a mapping or a layout: editors complete keys by it, and mark what is unknown.

    \b
    Write it into a file, and name that in the first line of your YAML:
      # yaml-language-server: $schema=../var/mapping.schema.json
    Examples:
      bridge schema mapping > var/mapping.schema.json
      bridge schema layout > var/layout.schema.json
    """
    show.as_program_reads(KINDS[kind]())
