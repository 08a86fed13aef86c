"""bridge dead: what has failed for good, by cause; made anew with today's mapping, or given up."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from bridge import clock, settings
from bridge.cli import chosen, decisions, rows, show
from bridge.cli.decisions import Decision
from bridge.db import Connection, Database, Late
from bridge.delivery.dead import by_cause
from bridge.inbox.queries import Wanted
from bridge.mappings.catalogue import Catalogue
from bridge.mappings.preview import Ask, rule_made
from bridge.model import DeliveryState
from bridge.outbox import queries
from bridge.outbox.again import replay_dead
from bridge.outbox.fill import Round
from bridge.outbox.store import queue
from bridge.outbox.store.records import Records
from bridge.outbox.trial import Trial, trial


@click.group("dead")
def command() -> None:
    """See what has failed for good, and why; make it anew with today's mapping, or give it up."""


@command.command("list")
@rows.of_deliveries
@show.as_json
def list_(json_wanted: bool, **options: Any) -> None:
    """List the causes of dead deliveries, the most frequent first, each with how many died of it and one of them.

    \b
    Examples:
      bridge dead list
      bridge dead list --source hubspot --since 2026-05-12 --json
    """
    with rows.opened() as database, database.reading() as conn:
        causes = by_cause(queries.dead(conn, Wanted(**options)))
    if json_wanted:
        show.as_program_reads([asdict(cause) for cause in causes])
        return
    columns = ("deliveries", "source", "rule", "operation", "newest", "example", "cause")
    lines = ([show.value(getattr(cause, name)) for name in columns] for cause in causes)
    show.table(columns, lines, empty="Nothing is dead.")


@command.command("replay")
@rows.of_deliveries
@click.option("--again", is_flag=True, help="Also what must not be repeated blindly and was made before.")
@chosen.options
@show.as_json
def replay(again: bool, yes: bool, preview: bool, json_wanted: bool, **options: Any) -> None:
    """Translate the events of dead deliveries once more with today's mapping: only the rules that these came from.

    \b
    The dead are discarded, and what is made instead goes out behind what happens now. A FastPath record is made at
    most once for each event, rule and item. It may be stopped and run again. Without filters: all that is dead.
    Examples:
      bridge dead replay --rule profile --preview
      bridge dead replay --rule profile --since 2026-05-12
    """
    wanted = Wanted(**options, state="dead")
    with rows.opened() as database:
        catalogue = rows.at_work(database)
        if preview:
            _preview(database, catalogue, wanted, even_made=again, json_wanted=json_wanted)
        else:
            _replay(database, catalogue, wanted, even_made=again, yes=yes)


def _replay(database: Database, catalogue: Catalogue, wanted: Wanted, *, even_made: bool, yes: bool) -> None:
    able = {(name, rule.name) for name, mapping in catalogue.mappings.items() for rule in mapping.rules or ()}

    def act(conn: Connection, ids: Sequence[int]) -> int:
        return replay_dead(conn, ids, able, even_made=even_made, now=clock.now())

    number = decisions.carry_out(database, wanted, act, noun="dead deliveries", yes=yes)
    if number is None:
        return
    click.echo(f"{number} are made anew: their rules run again.")
    with database.reading() as conn:
        left = queries.count(conn, wanted).number
    if left:
        click.echo(f"{left} are left: no rule of their name is at work, or their event is being translated just now.")


def _preview(database: Database, catalogue: Catalogue, wanted: Wanted, *, even_made: bool, json_wanted: bool) -> None:
    known = settings.load(needs_alvaria=False)
    ask = Ask(at=None, limits=known.limits, org_id=known.environ.get("ALVARIA_ORG_ID", "{orgId}"))
    with database.reading() as conn:
        found = queries.count(conn, wanted)
        ids = queries.next_ids(conn, wanted, after=0, last=found.last, at_most=chosen.SHOWN)
        late = Late.of(conn)
        this = Round(late=late, catalogue=catalogue, limits=ask.limits, now=clock.now(), records=Records(late))
        trials = trial(this, ids, even_made=even_made)
    shown = [_shown(one, ask) for one in trials]
    if json_wanted:
        show.as_program_reads({"number": found.number, "replays": shown})
        return
    click.echo(f"{found.number} dead deliveries would be discarded." if found.number else "Nothing is dead.")
    for one in shown:
        out = show.console()
        out.print(show.plain(f"\nevent {one['event']}, {one['source']}"), style="bold")
        show.rule(one)
    chosen.more(found.number)


def _shown(one: Trial, ask: Ask) -> dict[str, Any]:
    left: dict[str, Any] = {
        "rule": one.rule,
        "outcome": "left",
        "reason": "no rule of this name is at work",
        "requests": [],
        "stops": None,
    }
    made = rule_made(one.outcome, ask) if one.outcome else left
    return {"event": one.event_id, "source": one.source, **made}


@command.command("discard")
@decisions.of("dead")
@click.option("--reason", default="a person discarded it", help="Why; it is kept with the delivery.")
def discard(reason: str, **options: Any) -> None:
    """Give up dead deliveries: those of the IDs, or all that filters find.

    \b
    Examples:
      bridge dead discard 7
      bridge dead discard --rule hot-lead --until 2026-05-01 --reason "too old by now"
    """

    def act(conn: Connection, delivery_id: int, *, is_one_of_many: bool) -> bool:
        return queue.discard(conn, delivery_id, reason=reason, now=clock.now(), states=(DeliveryState.DEAD,))

    decisions.decide(Decision(states=("dead",), done="discarded", act=act), **options)
