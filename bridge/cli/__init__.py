"""bridge: the commands. Each module here is one noun or verb of the shell; it parses, calls one thing, shows it."""

import importlib
import sys

import click

from bridge import __version__
from bridge.errors import BadDocument, BadRequest, BadSettings, BridgeError

COMMANDS = {
    "demo": "show everything at work on this machine",
    "run": "web and worker under one supervisor",
    "worker": "translate events and send deliveries",
    "sandbox": "a stand-in for Alvaria Cloud",
    "migrate": "bring the database's tables up to date",
    "doctor": "look whether all is well",
    "check": "every mistake of every mapping, and their tests",
    "preview": "the requests that a webhook would cause",
    "mappings": "which version of each is at work; publish, roll back",
    "schema": "what editors need to know of a mapping or a layout",
    "presets": "how each CRM is spoken to, as YAML",
    "sources": "who may send webhooks, and what came",
    "events": "what CRMs sent, and what the rules made of it",
    "deliveries": "what is to reach Alvaria, and what to do about it",
    "dead": "what failed for good, by cause; send it anew",
    "pause": "let deliveries wait; list what is paused",
    "resume": "let them go on",
    "api": "any operation of the API; without a name, lists them",
}


class Commands(click.Group):
    """Loads a command's module only when it is asked for, and turns our errors into sentences and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"bridge.cli.{cmd_name}"), "command")  # noqa: B009 (typed)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (BadSettings, BadDocument) as error:
            click.echo(f"bridge: {_listed(str(error))}", err=True)
            sys.exit(2)
        except BadRequest as error:
            click.echo(f"bridge: {_listed(chr(10).join(error.problems))}", err=True)
            sys.exit(2)
        except BridgeError as error:
            click.echo(f"bridge: {error}", err=True)
            sys.exit(1)


def _listed(text: str) -> str:
    lines = text.splitlines()
    return lines[0] if len(lines) == 1 else "these need mending:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bridge")
def main() -> None:
    """CRM webhooks in, Alvaria Cloud context cookies and FastPath records out.

    \b
    Try it:       bridge demo
    Run it:       bridge run --sandbox
    Your rules:   bridge check && bridge preview hubspot body.json
    """
