"""bridge deliveries: what is to reach Alvaria, and what a person decides about it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from bridge import clock, settings
from bridge.cli import decisions, rows, show
from bridge.cli.decisions import Decision
from bridge.db import Connection
from bridge.delivery.budget import configured
from bridge.delivery.queries import circumstances
from bridge.delivery.why import why as in_words
from bridge.errors import BridgeError
from bridge.model import Delivery, Priority
from bridge.outbox import queries
from bridge.outbox.store import queue


@click.group("deliveries")
def command() -> None:
    """See deliveries, ask why one waits, and decide about those that failed or are in doubt."""


@command.command("list")
@rows.of_deliveries
@rows.page
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
    decisions.table(lines)


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
        delivery = _find(conn, delivery_id)
        attempts = queries.attempts_of(conn, delivery_id)
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
    rate = configured(settings.load(needs_alvaria=False).policy)
    with rows.opened() as database, database.reading() as conn:
        delivery = _find(conn, delivery_id)
        words = in_words(circumstances(conn, delivery, rate, clock.now()))
    click.echo(f"Delivery {delivery_id}: {words}.")


def _find(conn: Connection, delivery_id: int) -> Delivery:
    delivery = queue.find(conn, delivery_id)
    if not delivery:
        raise BridgeError(f"there is no delivery {delivery_id}; see: bridge deliveries list")
    return delivery


def _retry(conn: Connection, delivery_id: int, *, is_one_of_many: bool) -> bool:
    """Many at once must not delay what happens now."""
    priority = Priority.REPLAY if is_one_of_many else None
    return queue.retry(conn, delivery_id, now=clock.now(), priority=priority)


def _confirm(conn: Connection, delivery_id: int, *, is_one_of_many: bool) -> bool:
    return queue.confirm(conn, delivery_id, now=clock.now())


def _discard(reason: str) -> Callable[..., bool]:
    return lambda conn, delivery_id, **_: queue.discard(conn, delivery_id, reason=reason, now=clock.now())


@command.command("retry")
@decisions.of("dead", "unknown")
def retry(**options: Any) -> None:
    """Send dead or doubtful deliveries again, as they are: those of the IDs, or by filters all that are dead.

    \b
    One that is `unknown` may have been carried out: look at Alvaria first, or a person may be dialled twice.
    By filters they are counted first, and go out behind what happens now. It may be stopped and run again.
    Examples:
      bridge deliveries retry 7
      bridge deliveries retry --operation contextCookies.upsertSettings --since 2026-05-12 --preview
    """
    decisions.decide(Decision(states=("dead", "unknown"), done="will be sent again", act=_retry), **options)


@command.command("confirm")
@decisions.of("unknown")
def confirm(**options: Any) -> None:
    """Say that doubtful deliveries did happen: you have seen them at Alvaria.

    \b
    Examples:
      bridge deliveries confirm 7
      bridge deliveries confirm --rule hot-lead --until 2026-05-12T10:00:00Z
    """
    decisions.decide(Decision(states=("unknown",), done="confirmed", act=_confirm), **options)


@command.command("discard")
@decisions.of("dead", "unknown", "waiting")
@click.option("--reason", default="a person discarded it", help="Why; it is kept with the delivery.")
def discard(reason: str, **options: Any) -> None:
    """Give up deliveries that wait, are dead or in doubt: those of the IDs, or by filters all that are dead.

    \b
    Examples:
      bridge deliveries discard 7 --reason "the customer has cancelled"
      bridge deliveries discard --source hubspot --state waiting --until 2026-05-01 --yes
    """
    states = ("dead", "unknown", "waiting")
    decisions.decide(Decision(states=states, done="discarded", act=_discard(reason)), **options)
