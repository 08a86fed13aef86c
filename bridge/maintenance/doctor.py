"""Is all well? Settings, mappings, database, token, each scope, clock: each with what to do if not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.alvaria.client import Client
from bridge.db import Connection, Database
from bridge.delivery.budget import configured
from bridge.errors import BridgeError, DatabaseAway, TokenRefused, Unreachable
from bridge.fetch import queries as fetches
from bridge.inbox import store as inbox
from bridge.inbox.silence import silent
from bridge.maintenance.finding import Finding
from bridge.maintenance.held import held
from bridge.mappings.catalogue import Catalogue
from bridge.outbox import queries
from bridge.outbox.store import binding
from bridge.settings import Settings
from bridge.versions import queries as versions

LARGEST_SKEW = timedelta(seconds=30)


SEE = {"dead": "bridge dead list", "unknown": "bridge deliveries list --state unknown"}

# One harmless read for each scope that a bridge needs.
PROBES: dict[str, tuple[str, dict[str, object]]] = {
    "customerexperienceapi": ("contextCookies.listChannels", {"customer": "context-bridge-doctor"}),
    "outreachapi": ("campaign.listLists", {"maxResults": 1}),
}


def examine(
    settings: Settings, catalogue: Catalogue, database: Database, client: Client, *, now: datetime
) -> Iterator[Finding]:
    """Look at one thing after the other; nothing is changed."""
    yield from _settings(settings)
    yield from _mappings(catalogue)
    yield from _database(settings, database, now)
    yield from _silence(catalogue, database, now)
    yield from _token(client, now)
    for scope, (operation, params) in PROBES.items():
        yield _scope(client, scope, operation, params)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(what="settings", state="ok", words=f"delivering to {settings.target}")
    if settings.sandbox:
        yield Finding(what="settings", state="warning", words="BRIDGE_SANDBOX is set: nothing reaches Alvaria Cloud")
    if not settings.public_url:
        words = "BRIDGE_PUBLIC_URL is not set: signed URLs are checked against what the request says of itself"
        yield Finding(what="settings", state="warning", words=words)


def _mappings(catalogue: Catalogue) -> Iterator[Finding]:
    for problem in catalogue.problems:
        yield Finding(what="mappings", state="failed" if problem.severity == "error" else "warning", words=str(problem))
    for name, mapping in sorted(catalogue.mappings.items()):
        missing = " and ".join(mapping.source.missing_secrets)
        if not all(secret.values for secret in mapping.source.secrets.values()):
            words = f"{name}: set {missing}; until then its webhooks are answered 503"
            yield Finding(what="mappings", state="failed", words=words)
        elif not all(secret.values for secret in mapping.source.fetch_secrets.values()):
            words = f"{name}: set {missing}; until then no record is read, and its events wait"
            yield Finding(what="mappings", state="failed", words=words)
        elif missing:
            words = f"{name}: {missing} has no value; another value of the same secret is used"
            yield Finding(what="mappings", state="warning", words=words)
        else:
            yield Finding(what="mappings", state="ok", words=f"{name}: {len(mapping.rules or ())} rules")
    if not catalogue.mappings:
        yield Finding(what="mappings", state="failed", words="there is none; start with: bridge presets hubspot")


def _database(settings: Settings, database: Database, now: datetime) -> Iterator[Finding]:
    try:
        if not database.is_migrated():
            yield Finding(what="database", state="failed", words="its tables are not up to date; run: bridge migrate")
            return
        with database.reading() as conn:
            binding.check(conn, settings.target)
            yield from _versions(conn)
            yield from _unread(conn)
            yield from held(conn, configured(settings.policy), now)
            events, unreadable, counts = inbox.waiting(conn), inbox.unreadable(conn), queries.counts_by_state(conn)
    except BridgeError as error:
        yield Finding(what="database", state="failed", words=str(error))
        return
    if database.is_sqlite:
        words = "SQLite, for the processes of this host only; give several hosts one PostgreSQL"
        yield Finding(what="database", state="ok", words=words)
    waiting = f"{events} events waiting, {counts.get('waiting', 0)} deliveries waiting"
    yield Finding(what="database", state="ok", words=waiting)
    for state in SEE:
        if number := counts.get(state):
            words = f"{number} {state}; see: {SEE[state]}"
            yield Finding(what="deliveries", state="warning", words=words)
    if unreadable:
        yield Finding(
            what="webhooks",
            state="warning",
            words=f"{unreadable} verified ones could not be read; see: bridge events unreadable",
        )


def _versions(conn: Connection) -> Iterator[Finding]:
    """What is at work in spite of its file."""
    for line in versions.mapping_lines(conn):
        if line.state != "ok":
            words = (
                f"{line.name}: {line.state}; version {line.version} is at work since {line.since:%Y-%m-%d %H:%M} UTC"
            )
            yield Finding(what="mappings", state="warning", words=f"{words}; see: bridge mappings list")


def _unread(conn: Connection) -> Iterator[Finding]:
    """Events that no rule has seen, since their record could not be read."""
    counts = fetches.counts(conn)
    for state, words in (("fetching", "wait for their record"), ("unfetched", "could not be given their record")):
        if number := counts.get(state):
            said = f"{number} events {words}; see: bridge events list --state {state}"
            yield Finding(what="fetch", state="ok" if state == "fetching" else "warning", words=said)


def _silence(catalogue: Catalogue, database: Database, now: datetime) -> Iterator[Finding]:
    """A CRM that says nothing may have nothing to say, or may have ended the subscription."""
    try:
        with database.reading() as conn:
            found = silent(conn, [mapping.source for mapping in catalogue.mappings.values()], now)
    except DatabaseAway:
        return
    for one in found:
        yield Finding(what="silence", state="warning", words=str(one))


def _token(client: Client, now: datetime) -> Iterator[Finding]:
    try:
        report = client.check()
    except (TokenRefused, Unreachable) as error:
        yield Finding(what="token", state="failed", words=str(error))
        return
    yield Finding(what="token", state="ok", words=f"given within {report.took_s:.2f} s, for {report.lifetime_s:.0f} s")
    if report.server_time and abs(report.server_time - now) > LARGEST_SKEW:
        ahead = (now - report.server_time).total_seconds()
        words = f"our clock is {ahead:+.0f} s off the token service's; signatures and expiries suffer: use NTP"
        yield Finding(what="clock", state="failed", words=words)
    else:
        yield Finding(what="clock", state="ok", words="agrees with the token service's")


def _scope(client: Client, scope: str, operation: str, params: dict[str, object]) -> Finding:
    try:
        answer = client.send(operation, params)
    except BridgeError as error:
        return Finding(what=scope, state="failed", words=str(error))
    if 200 <= answer.status < 300:
        return Finding(what=scope, state="ok", words=f"{operation} was answered within {answer.took_s:.2f} s")
    advice = "check ALVARIA_SCOPES and ALVARIA_API_KEY" if answer.status == 401 else "check ALVARIA_BASE_URL"
    return Finding(what=scope, state="failed", words=f"{operation}: status {answer.status} {answer.message}; {advice}")
