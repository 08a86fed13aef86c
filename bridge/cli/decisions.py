"""What a person decides about deliveries: of some by their ids, or of all that filters find."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import click

from bridge.cli import chosen, rows, show
from bridge.cli.chosen import Work
from bridge.db import Connection, Database
from bridge.errors import BridgeError
from bridge.inbox.queries import Wanted
from bridge.outbox import queries
from bridge.outbox.queries import DeliveryLine

COLUMNS = ("id", "event_id", "source", "rule", "operation", "state", "attempts", "reason")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is done, and to deliveries of which states; by filters to those of the first one, unless --state says it."""

    states: tuple[str, ...]
    done: str
    act: Callable[..., bool]
    """(conn, delivery_id, is_one_of_many=…) -> False where the delivery is in no such state."""


def of(*states: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The ids, the filters, --yes, --preview and --json of such a command."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in (
            show.as_json,
            chosen.options,
            click.option("--state", type=click.Choice(states), help="In this state.  [default by filters: the first]"),
            rows.of_deliveries,
            click.argument("delivery_ids", metavar="[ID…]", type=int, nargs=-1),
        ):
            command = option(command)
        return command

    return add


def decide(  # noqa: PLR0913 (click hands each option over by its name)
    decision: Decision,
    *,
    delivery_ids: Sequence[int],
    state: str | None,
    yes: bool,
    preview: bool,
    json_wanted: bool,
    **filters: Any,
) -> None:
    """By ids all of them or none; by filters all that are found."""
    is_filtered = state is not None or any(value is not None for value in filters.values())
    if bool(delivery_ids) == is_filtered:
        raise click.UsageError("name deliveries by their ids, or choose them by filters such as --rule")
    with rows.opened() as database:
        if delivery_ids and not preview:
            _each(database, decision, delivery_ids)
            return
        wanted = Wanted(**filters, state=state or decision.states[0])
        if preview:
            show_what(database, wanted, delivery_ids, json_wanted=json_wanted)
        else:
            _all(database, decision, wanted, yes=yes)


def _each(database: Database, decision: Decision, delivery_ids: Sequence[int]) -> None:
    states = " or ".join(decision.states)
    with database.transaction() as conn:
        for delivery_id in delivery_ids:
            if not decision.act(conn, delivery_id, is_one_of_many=False):
                raise BridgeError(f"delivery {delivery_id} is not there, or is not {states}; nothing was changed")
    click.echo(f"{len(delivery_ids)} {decision.done}.")


def _all(database: Database, decision: Decision, wanted: Wanted, *, yes: bool) -> None:
    def act(conn: Connection, ids: Sequence[int]) -> int:
        return sum(decision.act(conn, delivery_id, is_one_of_many=True) for delivery_id in ids)

    number = carry_out(database, wanted, act, noun=f"{wanted.state} deliveries", yes=yes)
    if number is not None:
        click.echo(f"{number} {decision.done}.")


def carry_out(
    database: Database, wanted: Wanted, act: Callable[[Connection, Sequence[int]], int], *, noun: str, yes: bool
) -> int | None:
    """Count, ask, do; return to how many it was done. None where there are none, or the answer was no."""
    with database.reading() as conn:
        found = queries.count(conn, wanted)
    if not found.number:
        click.echo(f"There are no such {noun}.")
        return None
    if not chosen.confirmed(found.number, noun, yes=yes):
        click.echo("Nothing was changed.")
        return None

    def next_ids(conn: Connection, after: int, at_most: int) -> Sequence[int]:
        return queries.next_ids(conn, wanted, after=after, last=found.last, at_most=at_most)

    return chosen.carry_out(Work(database=database, found=found, next_ids=next_ids, act=act))


def show_what(database: Database, wanted: Wanted, delivery_ids: Sequence[int], *, json_wanted: bool) -> None:
    """What it would be done to."""
    with database.reading() as conn:
        if delivery_ids:
            lines = queries.lines_of(conn, delivery_ids)
            number = len(lines)
        else:
            lines = queries.list_deliveries(conn, replace(wanted, limit=chosen.SHOWN))
            number = queries.count(conn, wanted).number
    if json_wanted:
        show.as_program_reads({"number": number, "deliveries": [asdict(line) for line in lines]})
        return
    table(lines)
    chosen.more(number)


def table(lines: Sequence[DeliveryLine]) -> None:
    show.table(COLUMNS, ([getattr(line, name) for name in COLUMNS] for line in lines), empty="No such delivery.")
