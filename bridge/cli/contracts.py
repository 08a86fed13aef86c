"""What the API can do and what it takes for it, as people and shells ask for it."""

from collections.abc import Iterator, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from bridge.alvaria.check import allowed
from bridge.alvaria.operations import OPERATIONS, Operation
from bridge.alvaria.schema import Schemas
from bridge.cli import show
from bridge.model import Json

DEPRECATED = "†"


class OperationId(click.ParamType[str]):
    """The shell knows them; whether one is right is the contract's matter."""

    name = "operation_id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = (one for one in OPERATIONS.values() if one.id.lower().startswith(incomplete.lower()))
        return [CompletionItem(one.id, help=f"{one.method} {one.summary}") for one in found]


def parameter_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`name=` for each parameter of the operation that stands on the line already."""
    # Where the value of --param is what is missing, click has put the operation's id with what it does not know.
    typed = ctx.params.get("operation_id") or next(iter(ctx.args), "")
    asked = OPERATIONS.get(typed)
    named = asked.parameters if asked else ()
    return [
        CompletionItem(f"{one.name}=", help=one.about)
        for one in named
        if one.name != "orgId" and f"{one.name}=".startswith(incomplete)
    ]


def search(words: str) -> list[Operation]:
    """Those that have each of the words in their id, summary or address."""
    wanted = words.lower().split()
    return [
        one
        for one in OPERATIONS.values()
        if all(word in f"{one.id} {one.summary} {one.path} {one.method}".lower() for word in wanted)
    ]


def listing(found: Sequence[Operation], words: str) -> None:
    rows = ((one.id, one.method, f"{DEPRECATED} {one.summary}" if one.deprecated else one.summary) for one in found)
    show.table(("operation", "method", "what it does"), rows, empty=f"No operation speaks of {words!r}.")
    if any(one.deprecated for one in found):
        click.echo(f"{DEPRECATED} deprecated; bridge api OPERATION_ID --explain says what replaces it")


def as_json(found: Sequence[Operation]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "method": one.method,
            "path": one.path,
            "summary": one.summary,
            "deprecated": one.deprecated,
            "replaced_by": one.replaced_by,
            "repeatable": one.repeatable,
            "parameters": [given.name for given in one.parameters if given.name != "orgId"],
            "body": one.body is not None,
        }
        for one in found
    ]


def explain(asked: Operation) -> None:
    """What it does, what it takes, and the rules that no schema can say."""
    out = show.console()
    out.print(show.plain(f"{asked.id}: {asked.summary}"), style="bold")
    out.print(show.plain(f"{asked.method} {asked.path}"), style="cyan")
    if asked.deprecated:
        out.print(show.plain(f"{DEPRECATED} deprecated; instead: {asked.replaced_by}"), style="yellow")
    if not asked.repeatable:
        out.print("Not to be repeated blindly: a second request does it a second time.", style="yellow")
    for rule in asked.rules:
        out.print(show.plain(f"- {rule}"))
    rows = [(f"param {name}", *rest) for name, *rest in _parameters(asked)]
    rows += members(asked.schemas, asked.body or {}, "body")
    if rows:
        click.echo()
        show.table(("place", "must", "what", "is"), rows)


def _parameters(asked: Operation) -> Iterator[tuple[str, str, str, str]]:
    for one in asked.parameters:
        if one.name != "orgId":
            what = allowed(asked.schemas, one.schema)
            many = ", several with commas" if one.is_list else ""
            yield one.name, "yes" if one.required else "", f"{what}{many}", one.about


def members(schemas: Schemas, schema: Json, path: str) -> Iterator[tuple[str, str, str, str]]:
    """Each member of a body, however deep: body.settings[].key."""
    found = schemas.at(schema)
    if found.get("type") == "array":
        yield from members(schemas, found["items"], f"{path}[]")
    for name, member in schemas.members(found).items():
        must = "yes" if name in found.get("required", ()) else ""
        about = member.get("description") or schemas.at(member).get("description", "")
        yield f"{path}.{name}", must, allowed(schemas, member), about
        yield from members(schemas, member, f"{path}.{name}")


def meaning(asked: Operation, schema: Json, found: Json) -> str:
    """A value as people read it; the number of an enumeration with its word: 2 (FastPath)."""
    words = asked.schemas.at(schema).get("x-value-names", {})
    text = show.value(found)
    return f"{text} ({words[text]})" if text in words else text
