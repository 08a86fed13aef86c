"""Sends the samples to a running bridge, waits until all is delivered, and reads the sandbox back."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, TypeAlias

import requests

from bridge.db import Database
from bridge.demo.samples import Sample, as_of, samples
from bridge.errors import BridgeError
from bridge.inbox import store as inbox
from bridge.mappings.catalogue import Catalogue
from bridge.outbox.store import queue
from bridge.sources.signing import sign

Cookie: TypeAlias = tuple[str, str, str, str, str]
"""customer, key, channel, service, content"""
FastPathRecord: TypeAlias = tuple[str, str]
"""list, record"""

MAPPINGS = files("bridge.demo") / "mappings"
PATIENCE_S = 60


class TooSlow(BridgeError):
    """Something that should have happened has not."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What the sandbox holds, read over its own API and control routes."""

    cookies: frozenset[Cookie]
    records: tuple[FastPathRecord, ...]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A sample and how it was answered."""

    sample: Sample
    status: int
    reply: str


def playable(catalogue: Catalogue) -> list[Sample]:
    """The samples of the sources that the demonstration has a mapping for."""
    return [sample for sample in samples() if sample.source in catalogue.mappings]


def send(sample: Sample, catalogue: Catalogue, url: str, now: datetime) -> Sent:
    """Send it as its CRM would at this moment."""
    request = sign(catalogue.mappings[sample.source].source, as_of(sample, now, url), now=now)
    answer = requests.request(request.method, request.url, data=request.body, headers=dict(request.headers), timeout=30)
    return Sent(sample=sample, status=answer.status_code, reply=answer.text.strip())


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Ask ten times a second; raise TooSlow when patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TooSlow(f"{what}: not within {PATIENCE_S} s")
        time.sleep(0.1)


def is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def is_all_delivered(database: Database) -> bool:
    with database.reading() as conn:
        return inbox.waiting(conn) == 0 and queue.unfinished(conn) == 0


def read_back(sandbox_url: str, list_ids: Iterable[str]) -> Arrived:
    """Everything that arrived at the sandbox."""
    settings = requests.get(f"{sandbox_url}/_sandbox/settings", timeout=10).json()["settings"]
    cookies = frozenset(
        (one["customerId"], one["key"], one["channel"], one["service"], one["content"]) for one in settings
    )
    records = [
        (list_id, record["record"])
        for list_id in list_ids
        for record in requests.get(f"{sandbox_url}/_sandbox/fast-path/{list_id}", timeout=10).json()["records"]
    ]
    return Arrived(cookies=cookies, records=tuple(records))


def expected() -> Arrived:
    """What must have arrived, written down by hand in expected.json."""
    known: Mapping[str, Any] = json.loads((files("bridge.demo") / "expected.json").read_text("utf-8"))
    return Arrived(
        cookies=frozenset(tuple(cookie) for cookie in known["cookies"]),
        records=tuple((list_id, record) for list_id, record in known["records"]),
    )


def differences(arrived: Arrived, wanted: Arrived) -> list[tuple[str, str]]:
    """(missing | unexpected, what) for each cookie and each record; empty when all is as it should be."""
    rows = [("missing", " · ".join(cookie)) for cookie in sorted(wanted.cookies - arrived.cookies)]
    rows += [("unexpected", " · ".join(cookie)) for cookie in sorted(arrived.cookies - wanted.cookies)]
    left = list(arrived.records)
    for record in wanted.records:
        if record in left:
            left.remove(record)
        else:
            rows.append(("missing", " · ".join(record)))
    return rows + [("unexpected", " · ".join(record)) for record in left]
