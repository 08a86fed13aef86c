"""CRMs that do what real ones do: out of order, twice, in other batches, and again until somebody says 2xx."""

import base64
import hashlib
import hmac
import itertools
import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

SECRET = "chaos-secret"
RECORDS = 12
"""So few that each cookie changes often."""
SENDERS = 2
BATCH = 8
LONGEST_AGO_S = 60
ANSWER_S = 20
PATIENCE_S = 90

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one record; the number is also its value, and makes its time its own."""

    source: str
    record: str
    name: str
    number: int
    at_ms: int

    @property
    def cookie(self) -> tuple[str, str]:
        return self.record, f"crm.{self.name}"


def change(source: str, run: str) -> Change:
    number = next(_numbers)
    ago_ms = random.randrange(LONGEST_AGO_S) * 1000  # noqa: S311 (chaos, no secret)
    return Change(
        source=source,
        record=f"{run}-{source}-{number if source == 'leads' else number % RECORDS}",
        name=random.choice(NAMES[source]),  # noqa: S311
        number=number,
        at_ms=(int(time.time()) * 1000 - ago_ms) // 1000 * 1000 + number % 1000,
    )


NAMES: Mapping[str, Sequence[str]] = {"hubspot": ("tier", "score"), "shop": ("total",), "leads": ("lead",)}


def body_of(source: str, changes: Sequence[Change]) -> bytes:
    make = _hubspot if source == "hubspot" else _generic
    return json.dumps([make(one) for one in changes]).encode()


def _hubspot(one: Change) -> dict[str, Any]:
    return {
        "eventId": one.number,
        "subscriptionId": 1,
        "portalId": 62515,
        "occurredAt": one.at_ms,
        "subscriptionType": "object.propertyChange",
        "objectTypeId": "0-1",
        "objectId": one.record,
        "propertyName": one.name,
        "propertyValue": str(one.number),
    }


def _generic(one: Change) -> dict[str, Any]:
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC).isoformat()
    record = {"id": one.record, one.name: str(one.number)}
    return {"event": "record.changed", "id": f"evt-{one.number}", "created_at": at, "record": record}


def headers_of(source: str, url: str, body: bytes) -> dict[str, str]:
    if source != "hubspot":
        return {"X-Api-Key": SECRET, "Content-Type": "application/json"}
    at = str(int(time.time() * 1000))
    signed = f"POST{url}".encode() + body + at.encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    stamp = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": at}
    return {**stamp, "Content-Type": "application/json"}


class Crm:
    """Sends to any of `urls`, or with `twice` to all of them in one moment, until `finish`."""

    def __init__(self, urls: Sequence[str], run: str, *, twice: bool = False) -> None:
        self.urls = urls
        self.run = run
        self.twice = twice
        self.lock = threading.Lock()
        self.unsent: dict[str, list[Change]] = {source: [] for source in NAMES}
        self.accepted: dict[int, Change] = {}
        self.statuses: set[int] = set()
        self.counted_new = 0
        """How many of them the bridge said were new, over all its answers."""
        self.is_over = threading.Event()
        self.gives_up_at = float("inf")
        self.threads = [threading.Thread(target=self._send_on, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def finish(self) -> None:
        """No new changes; return when all that there were are accepted, so that nobody can be in doubt of one."""
        self.gives_up_at = time.monotonic() + PATIENCE_S
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        left = sum(map(len, self.unsent.values()))
        assert not left, f"{left} changes were never accepted; answers were {sorted(self.statuses)}"

    def _send_on(self) -> None:
        while batch := self._next_batch():
            changes, again = batch
            if self._is_accepted(changes[0].source, [*changes, *again]):
                with self.lock:
                    self.accepted.update({one.number: one for one in changes})
                self.is_over.wait(0.05)
                continue
            with self.lock:
                self.unsent[changes[0].source] += changes
            time.sleep(0.2)  # a CRM waits before it tries again

    def _next_batch(self) -> tuple[list[Change], list[Change]] | None:
        """New changes with what was refused before, mixed afresh; and some that were accepted already."""
        with self.lock:
            if not self.is_over.is_set():
                source = random.choice(list(NAMES))  # noqa: S311
                self.unsent[source] += [change(source, self.run) for _ in range(random.randint(1, BATCH))]  # noqa: S311
            full = [source for source, changes in self.unsent.items() if changes]
            if not full or time.monotonic() > self.gives_up_at:
                return None
            source = random.choice(full)  # noqa: S311
            changes = self.unsent[source]
            random.shuffle(changes)
            chosen, self.unsent[source] = changes[:BATCH], changes[BATCH:]
            known = [one for one in self.accepted.values() if one.source == source]
            return chosen, random.sample(known, min(len(known), random.randint(0, 3)))  # noqa: S311

    def _is_accepted(self, source: str, changes: Sequence[Change]) -> bool:
        """True if any of them says so: what one has stored is stored."""
        if not self.twice:
            return self._post(random.choice(self.urls), source, changes)  # noqa: S311
        found: list[bool] = []
        mixed = [random.sample(changes, len(changes)) for _ in self.urls]
        threads = [
            threading.Thread(target=lambda url=url, body=body: found.append(self._post(url, source, body)))
            for url, body in zip(self.urls, mixed, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return any(found)

    def _post(self, url: str, source: str, changes: Sequence[Change]) -> bool:
        url, body = f"{url}/webhooks/{source}", body_of(source, changes)
        try:
            answer = requests.post(url, data=body, headers=headers_of(source, url, body), timeout=ANSWER_S)
        except requests.RequestException:
            return False
        with self.lock:
            self.statuses.add(answer.status_code)
            if answer.status_code == 200:
                counts = answer.json()
                self.counted_new += counts["received"] - counts["duplicates"]
        return answer.status_code == 200

    def newest(self) -> dict[tuple[str, str], str]:
        """The value that each cookie must have in the end, by customer and key."""
        found: dict[tuple[str, str], Change] = {}
        for one in self.accepted.values():
            found[one.cookie] = max(found.get(one.cookie, one), one, key=lambda one: one.at_ms)
        return {cookie: str(one.number) for cookie, one in found.items()}

    def leads(self) -> set[str]:
        """The accounts that must be dialled, or shown as doubtful."""
        return {str(one.number) for one in self.accepted.values() if one.source == "leads"}
