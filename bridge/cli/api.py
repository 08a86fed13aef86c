"""bridge api: any operation of the API, by its id."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import click

from bridge import clock, settings, wiring
from bridge.alvaria.answers import retry_after
from bridge.alvaria.client import Client
from bridge.alvaria.lookup import texts
from bridge.alvaria.operations import Operation, operation
from bridge.cli import contracts, show
from bridge.errors import Refused, Unreachable
from bridge.model import Answer, Json


@click.command("api")
@click.argument("operation_id", required=False, type=contracts.OperationId(), metavar="[OPERATION_ID]")
@click.option(
    "--param",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=contracts.parameter_names,
    help="A parameter; once for each.",
)
@click.option("--body", metavar="@FILE|-|JSON", help="The body: a file, standard input, or the JSON itself.")
@click.option("--all", "all_wanted", is_flag=True, help="All pages of a collection.")
@click.option("--dry-run", is_flag=True, help="Only check it, and show what would be sent.")
@click.option("--unchecked", is_flag=True, help="Send it also where the contract does not allow it.")
@click.option("--explain", is_flag=True, help="Say what the operation takes.")
@click.option("--search", "words", help="List the operations that speak of these words.")
@show.as_json
def command(  # noqa: PLR0913, PLR0917 (click hands each option over by its name)
    operation_id: str | None,
    pairs: tuple[str, ...],
    body: str | None,
    all_wanted: bool,
    dry_run: bool,
    unchecked: bool,
    explain: bool,
    words: str | None,
    json_wanted: bool,
) -> None:
    """Ask any operation of the API documents; without OPERATION_ID, list them.

    \b
    What is sent is compared with the operation's contract first, and all mistakes are told at once.
    A collection is shown as a table, anything else as its members; --json gives what the API gave.
    Exit code 0 if it was done, 1 if it was refused or no answer came, 2 if it was not sent.
    Examples:
      bridge api --search callback
      bridge api campaign.upsertCallback --explain
      bridge api campaign.listLists --param name="Hot leads"
      bridge api campaign.listLists --all --json
      bridge api campaign.upsertCallback --body @callback.json --dry-run
    """
    if operation_id is None:
        _list(words or "", json_wanted=json_wanted)
        return
    asked = operation(operation_id)
    if explain:
        contracts.explain(asked)
        return
    params, content = _params(asked, pairs), _body(body)
    known = settings.load()
    if not known.alvaria:
        raise click.UsageError("set the ALVARIA_ variables; see .env.example")
    with closing(wiring.client_of(known.alvaria)) as client:
        if dry_run:
            _show_request(client, asked, params, content, checked=unchecked, json_wanted=json_wanted)
        elif all_wanted:
            _show_all(client, asked, params, json_wanted=json_wanted)
        else:
            _show_answer(asked, _send(client, asked, params, content, checked=unchecked), json_wanted=json_wanted)


def _list(words: str, *, json_wanted: bool) -> None:
    found = contracts.search(words)
    if json_wanted:
        show.as_program_reads(contracts.as_json(found))
    else:
        contracts.listing(found, words)


def _params(asked: Operation, pairs: Sequence[str]) -> dict[str, Json]:
    """Given twice is a list where the operation takes one, and a mistake anywhere else."""
    lists = {one.name for one in asked.parameters if one.is_list}
    params: dict[str, Json] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--param {pair}: write it as NAME=VALUE")
        if name in params and name not in lists:
            raise click.UsageError(f"--param {name}: stands twice; give it once")
        params[name] = f"{params[name]},{value}" if name in params else value
    return params


def _body(given: str | None) -> Json:
    if given is None:
        return None
    try:
        return json.loads(_text(given))
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"--body: no JSON: {error}") from None


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise click.UsageError(f"--body: {given[1:]} cannot be read ({type(error).__name__})") from None


def _show_request(  # noqa: PLR0913 (what is sent, and how it is shown)
    client: Client, asked: Operation, params: Mapping[str, Json], body: Json, *, checked: bool, json_wanted: bool
) -> None:
    request = client.request(asked.id, params, body, checked=checked)
    url = client.base_url.rstrip("/") + request.target
    if json_wanted:
        show.as_program_reads({"method": request.method, "url": url, "headers": request.headers, "body": body})
        return
    click.echo(f"{request.method} {url}")
    for name, value in request.headers.items():
        click.echo(f"{name}: {value}")
    if body is not None:
        click.echo()
        show.as_program_reads(body)


def _send(client: Client, asked: Operation, params: Mapping[str, Json], body: Json, *, checked: bool) -> Answer:
    try:
        return client.send(asked.id, params, body, checked=checked)
    except Unreachable as error:
        if not error.sent or asked.repeatable:
            raise
        raise click.ClickException(f"{error}; it may have been carried out: look before you send it again") from None


def _show_all(client: Client, asked: Operation, params: Mapping[str, Json], *, json_wanted: bool) -> None:
    try:
        items = list(client.pages(asked.id, params))
    except Refused as refused:
        _refuse(asked, refused.answer)
    if json_wanted:
        show.as_program_reads(items)
    else:
        _show_items(asked, items)


def _show_answer(asked: Operation, answer: Answer, *, json_wanted: bool) -> None:
    is_well = 200 <= answer.status < 300
    if json_wanted and answer.body is not None:
        show.as_program_reads(answer.body)
    if not is_well:
        _refuse(asked, answer)
    if not json_wanted:
        _show_content(asked, answer)


def _refuse(asked: Operation, answer: Answer) -> None:
    """Say why, and what to do about it; ends the command."""
    words = f": {answer.message}" if answer.message else ""
    if answer.status == 401:
        words += f"; the token needs one of these scopes: {', '.join(asked.scopes)}; see ALVARIA_SCOPES"
    if at := retry_after(answer, now := clock.now()):
        words += f"; try again in {(at - now).total_seconds():.0f} s"
    click.echo(f"bridge: {asked.id}: status {answer.status}{words}", err=True)
    sys.exit(1)


def _show_content(asked: Operation, answer: Answer) -> None:
    body = answer.body
    if isinstance(body, dict) and asked.items and isinstance(body.get(asked.items), list):
        items = body[asked.items]
        _show_items(asked, items)
        total = str(body.get("totalItems", ""))
        if asked.is_paged and total.isdecimal() and int(total) > len(items):
            click.echo(f"{len(items)} of {total}; --all shows them all", err=True)
    elif isinstance(body, dict) and body:
        members = asked.schemas.members(asked.answer)
        rows = ((name, contracts.meaning(asked, members.get(name, {}), member)) for name, member in body.items())
        show.table(("member", "value"), rows)
    elif body:
        show.as_program_reads(body)
    else:
        click.echo(f"Done: status {answer.status}.")


def _show_items(asked: Operation, items: Sequence[Json]) -> None:
    columns = _columns(asked, items)
    members = asked.schemas.members(asked.item)
    rows = (
        [
            " / ".join(contracts.meaning(asked, members.get(path, {}), found) for found in texts(item, path.split(".")))
            for path in columns.values()
        ]
        for item in items
    )
    show.table(list(columns), rows, empty=f"No {asked.called[1]}.")


def _columns(asked: Operation, items: Sequence[Json]) -> dict[str, str]:
    """Title -> path of what the items have: what they are known by, then their plain members."""
    known = [asked.names.id, asked.names.name] if asked.names else [asked.item_id]
    plain = [
        name
        for name, schema in asked.schemas.members(asked.item).items()
        if asked.schemas.at(schema).get("type") not in ("object", "array") and name != "kind"
    ]
    paths = (path for path in dict.fromkeys([*known, *plain]) if any(texts(item, path.split(".")) for item in items))
    return {path.partition(".")[0]: path for path in paths}
