"""How many webhooks a second the web processes verify, keep and answer, on SQLite in a folder of its own.

python tests/benchmarks/receive.py [--count 3000] [--workers 2] [--json]
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bridge.db import Database
from bridge.demo import play
from bridge.programs import free_port, web
from bridge.supervise import Running

CONNECTIONS = 32
BODY_BYTES = 1_200
SECRET = "a-secret-for-benchmarks"
MAPPING = f"version: 1\nsource: {{name: shop, preset: github-style, secrets: {{secret: [{SECRET}]}}}}\n"
HEAD = (
    "POST /webhooks/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "X-GitHub-Event: contact.updated\r\nX-GitHub-Delivery: {name}\r\nX-Hub-Signature-256: sha256={proof}\r\n"
    "Content-Length: {length}\r\n\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the senders saw; they share it."""

    took_s: list[float] = field(default_factory=list)
    """Of each webhook that was accepted."""
    refused: list[str] = field(default_factory=list)
    """The first line of each other answer."""


def request(number: int) -> bytes:
    """A webhook of its own id and record, signed."""
    record = {"id": number, "type": "contact.updated", "updated_at": "2026-05-12T09:30:00Z", "note": ""}
    record["note"] = "x" * (BODY_BYTES - len(json.dumps(record)))
    body = json.dumps(record).encode()
    proof = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    return HEAD.format(name=f"evt-{number}", proof=proof, length=len(body)).encode() + body


async def send(port: int, requests: list[bytes]) -> Seen:
    """Each connection sends its next webhook when the last is answered."""
    seen, waiting = Seen(), iter(requests)
    await asyncio.gather(*(_connection(port, waiting, seen) for _ in range(CONNECTIONS)))
    return seen


async def _connection(port: int, waiting: Iterator[bytes], seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in waiting:
        started = time.perf_counter()
        writer.write(one)
        status = await _answer(reader)
        if status.split()[1].startswith("2"):
            seen.took_s.append(time.perf_counter() - started)
        else:
            seen.refused.append(status)
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> str:
    """The first line; the rest is read so that the connection is free for the next."""
    status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
    lengths = [line.partition(":")[2] for line in headers if line.startswith("content-length:")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
    return status


def measure(folder: Path, number: int, workers: int) -> dict[str, float]:
    (folder / "mappings").mkdir()
    (folder / "mappings" / "shop.yaml").write_text(MAPPING, "utf-8")
    os.environ |= {"BRIDGE_SANDBOX": "1", "BRIDGE_MAPPINGS": str(folder / "mappings")}
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'bridge.db'}"
    database = Database(os.environ["DATABASE_URL"])
    database.migrate()
    database.close()
    port = free_port()
    counts = folder / "counts"
    counts.mkdir()
    log = (folder / "log").open("wb")
    server = Running(web(host="127.0.0.1", port=port, workers=workers, metrics=counts), log)
    try:
        play.wait_until(lambda: play.is_ready(f"http://127.0.0.1:{port}/healthz"), "the web server has not started")
        asyncio.run(send(port, [request(each) for each in range(number, number + CONNECTIONS)]))  # warms it up
        requests = [request(each) for each in range(number)]
        started = time.perf_counter()
        seen = asyncio.run(send(port, requests))
        took_s = time.perf_counter() - started
        _check_kept(folder / "bridge.db", len(seen.took_s))
        return figures(seen, took_s)
    finally:
        server.end(time.monotonic() + 10)
        log.close()


def _check_kept(file: Path, accepted: int) -> None:
    """An answer in the twos is a promise: the event is in the database."""
    with closing(sqlite3.connect(file)) as conn:
        (kept,) = conn.execute("SELECT count(*) FROM events WHERE state = 'new'").fetchone()
    if kept < accepted:
        sys.exit(f"{accepted} webhooks were accepted and {kept} events kept")


def figures(seen: Seen, took_s: float) -> dict[str, float]:
    in_order = sorted(seen.took_s) or sys.exit(f"no webhook was accepted: {seen.refused[0]}")
    return {
        "accepted": len(in_order),
        "refused": len(seen.refused),
        "accepted_per_s": round(len(in_order) / took_s),
        "p50_ms": round(in_order[len(in_order) // 2] * 1000, 1),
        "p99_ms": round(in_order[len(in_order) * 99 // 100] * 1000, 1),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=3_000, help="how many webhooks (default: 3000)")
    options.add_argument("--workers", type=int, default=2, help="web processes (default: 2)")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bridge-benchmark-") as folder:
        found = measure(Path(folder), asked.count, asked.workers)
    table = f"webhooks of 1.2 kB, signed, over {CONNECTIONS} connections; {asked.workers} web processes, SQLite\n"
    table += "".join(f"  {name:<15}{value:>10}\n" for name, value in found.items())
    sys.stdout.write(json.dumps({"receive": found}) + "\n" if asked.json else table)


if __name__ == "__main__":
    main()
