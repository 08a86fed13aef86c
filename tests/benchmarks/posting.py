"""Sends prepared webhooks over connections that stay open, each the next one as soon as the last is answered.

A program of its own, so that its work is not taken for the server's: python posting.py PORT KIND COUNT
"""

import base64
import hashlib
import hmac
import json
import re
import selectors
import socket
import sys
import time
import uuid
from collections.abc import Iterator

SECRET = "benchmark-secret-0a7d"
CONNECTIONS = 32
EVENTS_IN_A_BATCH = 100
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def prepared(kind: str, port: int, count: int) -> list[bytes]:
    """Whole requests, each with a content and a signature of its own."""
    run = new_run()
    return [KINDS[kind](run, number, port) for number in range(count)]


def single(run: str, number: int, port: int) -> bytes:
    """One event in a body of 1.2 kB."""
    data = {"id": str(number % 500), "tier": number % 3, "phone": "(212) 555-0123", "note": "x" * 1_000}
    event = {"id": f"{run}-{number}", "type": "order.updated", "time": "2026-05-12T09:30:00Z", "data": data}
    body = json.dumps(event).encode()
    signature = hmac.digest(SECRET.encode(), body, "sha256").hex()
    return _request("/webhooks/orders", port, body, {"X-Signature": f"sha256={signature}"})


def batch(run: str, number: int, port: int) -> bytes:
    """As HubSpot sends: a list of notifications of some of 500 records, signed with method, address and time."""
    first = number * EVENTS_IN_A_BATCH
    return _signed(
        port, [_notification(run, one, 90551203 + one % 500) for one in range(first, first + EVENTS_IN_A_BATCH)]
    )


def changes(run: str, number: int, port: int) -> bytes:
    """The same, and no record comes twice."""
    first = number * EVENTS_IN_A_BATCH
    return _signed(port, [_notification(run, one, _own(run, one)) for one in range(first, first + EVENTS_IN_A_BATCH)])


def change(run: str, number: int, port: int) -> tuple[str, bytes]:
    """One event in a list of its own, and the id of its record, which no other has."""
    record = _own(run, number)
    return str(record), _signed(port, [_notification(run, number, record)])


def new_run() -> str:
    """What tells the events of one run from those of all others."""
    return uuid.uuid4().hex[:12]


def _own(run: str, number: int) -> int:
    return int(run[:8], 16) * 1_000_000 + number


def _signed(port: int, notifications: list[dict[str, object]]) -> bytes:
    stamp = str(time.time_ns() // 1_000_000)
    body = json.dumps([{**one, "occurredAt": int(stamp)} for one in notifications]).encode()
    url = f"http://127.0.0.1:{port}/webhooks/hubspot"
    message = b"".join([b"POST", url.encode(), body, stamp.encode()])
    signature = base64.b64encode(hmac.digest(SECRET.encode(), message, hashlib.sha256)).decode()
    proof = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return _request("/webhooks/hubspot", port, body, proof)


def _notification(run: str, number: int, record: int) -> dict[str, object]:
    return {
        "eventId": _own(run, number),
        "subscriptionId": 2811002,
        "portalId": 48219930,
        "appId": 2290117,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": record,
        "propertyName": "lifecyclestage",
        "propertyValue": "salesqualifiedlead",
        "changeSource": "CRM_UI",
        "sourceId": "userId:60217744",
    }


def _request(path: str, port: int, body: bytes, headers: dict[str, str]) -> bytes:
    usual = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {text}" for name, text in {**usual, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


KINDS = {"single": single, "batch": batch, "changes": changes}


class Line:
    """One connection, with the request that is out on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.seen = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.seen = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """What was answered; None while the answer is not whole."""
        more = self.socket.recv(65536)
        if not more:
            sys.exit("the server has closed a connection")
        self.seen += more
        head, blank, rest = self.seen.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        return int(head[9:12]) if blank and length and len(rest) >= int(length[1]) else None


def drive(port: int, requests: list[bytes]) -> dict[str, object]:
    left = iter(requests)
    watched = selectors.DefaultSelector()
    used_s, began_at, started = time.process_time(), time.monotonic(), time.perf_counter()
    for _ in range(min(CONNECTIONS, len(requests))):
        line = Line(port)
        watched.register(line.socket, selectors.EVENT_READ, line)
        line.send(next(left))
    answers = list(_answers(watched, left))
    took_s = time.perf_counter() - started
    waits = sorted(wait_s for _, wait_s in answers)
    return {
        "accepted": sum(status < 300 for status, _ in answers),
        "others": sorted({status for status, _ in answers if status >= 300}),
        "began_at": began_at,
        "took_s": took_s,
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[len(waits) * 99 // 100] * 1000,
        "own_cpu": (time.process_time() - used_s) / took_s,
    }


def _answers(watched: selectors.BaseSelector, left: Iterator[bytes]) -> Iterator[tuple[int, float]]:
    """Each answer's status, and how long it took; ends when nothing is out any more."""
    while watched.get_map():
        for key, _ in watched.select():
            line: Line = key.data
            status = line.status()
            if status is None:
                continue
            yield status, time.perf_counter() - line.sent_at
            following = next(left, None)
            if following is None:
                watched.unregister(line.socket)
                line.socket.close()
            else:
                line.send(following)


def main() -> None:
    port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sys.stdout.write(json.dumps(drive(port, prepared(kind, port, count))))


if __name__ == "__main__":
    main()
