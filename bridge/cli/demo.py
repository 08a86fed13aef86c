"""bridge demo: everything at work on this machine, against the sandbox."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bridge import clock, programs, settings, wiring
from bridge.cli import show
from bridge.db import Database
from bridge.demo import play
from bridge.demo.play import Arrived, Sent
from bridge.demo.samples import samples
from bridge.inbox import queries as inbox
from bridge.inbox.queries import OutcomeLine, Wanted
from bridge.mappings.catalogue import Catalogue
from bridge.mappings.layout import parse
from bridge.mappings.rules import FastPath
from bridge.outbox import queries as outbox
from bridge.supervise import Supervisor

LISTS = {"4711": "Hot leads"}
"""The sandbox's dialling lists that the demonstration's rules fill."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Compare what arrived with what was expected, and end: 0 if it is the same.")
def command(once: bool) -> None:
    """Start sandbox, web and worker on free ports, send each CRM's sample webhooks, and show what becomes of them.

    \b
    Nothing is kept: the database is in a temporary folder. Without --once it stays up until Ctrl-C.
    Examples:
      bridge demo
      bridge demo --once && echo all is well
    """
    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder:
        sys.exit(_demonstrate(Path(folder), once=once))


def _demonstrate(folder: Path, *, once: bool) -> int:
    ports = [programs.free_port() for _ in range(2)]
    sandbox_url, url = (f"http://127.0.0.1:{port}" for port in ports)
    os.environ.update(_environment(folder, sandbox_url, url))
    read = settings.load()
    catalogue = wiring.load_catalogue(read)
    with _running(folder, *ports) as supervisor, _opened(read.database_url) as database:
        try:
            code = _play(catalogue, database, sandbox_url, url)
        except play.TooSlow as error:
            click.echo(f"bridge demo: {error}\n{_tail(folder / 'log')}", err=True)
            return 1
        if once:
            return code
        _say_where(sandbox_url, url, folder)
        supervisor.listen_to_signals()
        return supervisor.watch()


def _environment(folder: Path, sandbox_url: str, url: str) -> dict[str, str]:
    """Settings of its own, whatever the surroundings say; the samples' secrets under the mappings' names."""
    for name in [name for name in os.environ if name.startswith(("ALVARIA_", "BRIDGE_", "DATABASE_URL"))]:
        del os.environ[name]
    known = {(sample.source, name): value for sample in samples() for name, value in sample.secrets.items()}
    return {
        "BRIDGE_SANDBOX": "1",
        "ALVARIA_BASE_URL": sandbox_url,
        "BRIDGE_PUBLIC_URL": url,
        "BRIDGE_MAPPINGS": str(play.MAPPINGS),
        "DATABASE_URL": f"sqlite:///{folder}/demo.db",
        "HUBSPOT_CLIENT_SECRET": known["hubspot", "client_secret"],
        "SALESFORCE_URL_KEY": known["salesforce", "query key"],
        "SALESFORCE_ORGANIZATION_ID": known["salesforce", "OrganizationId"],
        "GENERIC_API_KEY": known["generic", "x-api-key"],
    }


@contextmanager
def _running(folder: Path, sandbox_port: int, port: int) -> Iterator[Supervisor]:
    counts = folder / "metrics"
    counts.mkdir()
    parts = [
        programs.sandbox(port=sandbox_port, data=None),
        programs.worker(metrics=counts),
        programs.web(host="127.0.0.1", port=port, workers=1, metrics=counts),
    ]
    supervisor = Supervisor(parts, log_to=folder / "log")
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.end()


@contextmanager
def _opened(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


def _play(catalogue: Catalogue, database: Database, sandbox_url: str, url: str) -> int:
    play.wait_until(lambda: play.is_ready(f"{sandbox_url}/"), "the sandbox answers")
    play.wait_until(lambda: play.is_ready(f"{url}/readyz"), "the web server is ready")
    click.echo("Webhooks, signed as their CRMs would at this moment, and what becomes of their events:")
    now = clock.now()
    shown = 0
    for sample in play.playable(catalogue):
        _show_sent(play.send(sample, catalogue, url, now))
        play.wait_until(lambda: play.is_all_delivered(database), "all is delivered")
        shown = _show_ways(database, after=shown)
    arrived = play.read_back(sandbox_url, LISTS)
    _show_arrived(arrived, catalogue)
    return _show_differences(play.differences(arrived, play.expected()))


def _show_sent(sent: Sent) -> None:
    reply = sent.reply if sent.reply.startswith("{") else "acknowledged in the CRM's own form"
    colour = "green" if sent.status < 300 else "red"
    show.console().print(f"\n[bold]{sent.sample.name}[/bold]  [{colour}]{sent.status}[/{colour}]  {reply}")


def _show_ways(database: Database, *, after: int) -> int:
    """The events that came after event `after`, each with what its rules made of it; the last event's id."""
    with database.reading() as conn:
        events = [event for event in reversed(inbox.list_events(conn, Wanted(limit=1000))) if event.id > after]
    for event in events:
        click.echo(f"  {event.id:>3}  {event.type:<24}{event.record_id:<20}", nl=False)
        for number, (rule, state, words) in enumerate(_ways_of(database, event.id)):
            indent = " " * (51 if number else 0)
            show.console().print(f"{indent}{rule:<10}", show.state(f"{state:<10}"), words)
    return events[-1].id if events else after


def _ways_of(database: Database, event_id: int) -> list[tuple[str, str, str]]:
    """(rule, state, words) of all that came of an event, or of why nothing did."""
    with database.reading() as conn:
        sent = [(line.rule, line.state, line.operation) for line in outbox.of_event(conn, event_id)]
        made = [(line.rule, line.kind, line.reason) for line in inbox.outcomes_of(conn, event_id) if _is_telling(line)]
    return sent + made or [("–", "ignored", "no rule wanted it")]


def _is_telling(line: OutcomeLine) -> bool:
    """Not what was translated, which is shown by its deliveries, nor what simply was not meant."""
    return line.kind != "translated" and "does not hold" not in line.reason


def _show_arrived(arrived: Arrived, catalogue: Catalogue) -> None:
    click.echo()
    show.table(
        ("customer", "key", "channel", "service", "content"),
        sorted(arrived.cookies),
        title="Context cookies, read back from the sandbox",
    )
    layout = next(
        rule.action.layout
        for mapping in catalogue.mappings.values()
        for rule in mapping.rules or ()
        if isinstance(rule.action, FastPath)
    )
    names = [field.name for field in layout.fields]
    rows = [(LISTS[list_id], *parse(layout, record).values()) for list_id, record in arrived.records]
    click.echo()
    show.table(("list", *names), rows, title="FastPath records, read back from the sandbox")


def _show_differences(found: list[tuple[str, str]]) -> int:
    click.echo()
    if not found:
        show.console().print("[green]Everything that was expected has arrived, and nothing else.[/green]")
        return 0
    show.table(("difference", "what"), found, title="Not as expected")
    return 1


def _say_where(sandbox_url: str, url: str, folder: Path) -> None:
    click.echo(
        f"\n  the sandbox's page   {sandbox_url}/\n  webhooks go to       {url}/webhooks/<source>\n"
        f"  health, metrics      {url}/readyz  {url}/metrics\n  log                  {folder / 'log'}\n\n"
        "Ctrl-C ends it."
    )


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return "\n".join(lines[-15:])
