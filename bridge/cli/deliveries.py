"""bridge deliveries: what is to reach Alvaria, and what a person decides about it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from bridge import clock
from bridge.cli import rows, show
from bridge.errors import BridgeError
from bridge.outbox import queries
from bridge.outbox.store import queue


@click.group("deliveries")
def command() -> None:
    """See deliveries, ask why one waits, and decide about those that failed or are in doubt."""


@command.command("list")
@rows.filters
@click.option("--customer", help="For this customer's id.")
@show.as_json
def list_(json_wanted: bool, **options: Any) -> None:
    """List deliveries, the newest first.

    \b
    Examples:
      bridge deliveries list --state dead
      bridge deliveries list --state unknown --json
    """
    with rows.opened() as database, database.reading() as conn:
        lines = queries.list_deliveries(conn, rows.wanted(**options))
    if json_wanted:
        show.as_program_reads([asdict(line) for line in lines])
        return
    columns = ("id", "event_id", "source", "rule", "operation", "state", "attempts", "reason")
    show.table(columns, ([getattr(line, name) for name in columns] for line in lines), empty="No such delivery.")


@command.command("show")
@click.argument("delivery_id", metavar="ID", type=int)
@show.as_json
def show_(delivery_id: int, json_wanted: bool) -> None:
    """Show one delivery whole, with each attempt and what Alvaria said.

    \b
    Example:
      bridge deliveries show 7
    """
    with rows.opened() as database, database.reading() as conn:
        delivery = queue.find(conn, delivery_id)
        attempts = queries.attempts_of(conn, delivery_id)
    if not delivery:
        raise BridgeError(f"there is no delivery {delivery_id}; see: bridge deliveries list")
    whole: dict[str, Any] = {"delivery": asdict(delivery), "attempts": [asdict(one) for one in attempts]}
    if json_wanted:
        show.as_program_reads(whole)
        return
    members = ((name, show.value(value)) for name, value in whole["delivery"].items())
    show.table(("member", "value"), members, title="Delivery")
    click.echo()
    columns = ("at", "status", "message", "took_s", "verdict", "worker")
    lines = ([show.value(getattr(one, name)) for name in columns] for one in attempts)
    show.table(columns, lines, title="Attempts", empty="None yet.")


@command.command("why")
@click.argument("delivery_id", metavar="ID", type=int)
def why(delivery_id: int) -> None:
    """Say in one sentence why a delivery is not there yet, or what became of it.

    \b
    Example:
      bridge deliveries why 7
    """
    with rows.opened() as database, database.reading() as conn:
        delivery = queue.find(conn, delivery_id)
        if not delivery:
            raise BridgeError(f"there is no delivery {delivery_id}; see: bridge deliveries list")
        click.echo(f"Delivery {delivery_id}: {queries.why(conn, delivery, clock.now())}.")


@command.command("retry")
@click.argument("delivery_ids", metavar="ID…", type=int, nargs=-1, required=True)
def retry(delivery_ids: tuple[int, ...]) -> None:
    """Send dead or doubtful deliveries again, as they are.

    \b
    One that is `unknown` may have been carried out: look at Alvaria first, or a person may be dialled twice.
    Example:
      bridge deliveries retry 7
    """
    _decide(delivery_ids, queue.retry, "dead or unknown", "will be sent again")


@command.command("confirm")
@click.argument("delivery_ids", metavar="ID…", type=int, nargs=-1, required=True)
def confirm(delivery_ids: tuple[int, ...]) -> None:
    """Say that doubtful deliveries did happen: you have seen them at Alvaria.

    \b
    Example:
      bridge deliveries confirm 7
    """
    _decide(delivery_ids, queue.confirm, "unknown", "confirmed")


@command.command("discard")
@click.argument("delivery_ids", metavar="ID…", type=int, nargs=-1, required=True)
@click.option("--reason", default="a person discarded it", help="Why; it is kept with the delivery.")
def discard(delivery_ids: tuple[int, ...], reason: str) -> None:
    """Give up deliveries that wait, are dead or in doubt.

    \b
    Example:
      bridge deliveries discard 7 --reason "the customer has cancelled"
    """
    _decide(
        delivery_ids,
        lambda conn, delivery_id, now: queue.discard(conn, delivery_id, reason=reason, now=now),
        "waiting, dead or unknown",
        "discarded",
    )


def _decide(delivery_ids: tuple[int, ...], action: Callable[..., bool], states: str, done: str) -> None:
    """All of them or none."""
    with rows.opened() as database, database.transaction() as conn:
        for delivery_id in delivery_ids:
            if not action(conn, delivery_id, now=clock.now()):
                raise BridgeError(f"delivery {delivery_id} is not there, or is not {states}; nothing was changed")
    click.echo(f"{len(delivery_ids)} {done}.")
