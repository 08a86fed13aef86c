"""A stand-in for Alvaria's API that is never what is waited for; it counts settings, and limits requests if asked to.

It answers as the sandbox does, but believes everybody and keeps nothing. A program of its own: python sink.py PORT

GET  /_sink/counted    how many settings and requests were accepted, when the first and the last
GET  /_sink/requests   of each request for settings: when, with which status, how many settings
GET  /_sink/arrivals   when each customer's first setting was accepted, where that is remembered
POST /_sink/begin      forget all that, and go on as the body says: see Sink

Times are those of time.monotonic(), which on one machine is the same for all programs.
"""

import asyncio
import json
import math
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
SETTINGS = re.compile(rb"/via/v2/organizations/[^/]+/customerexperience/contextCookies/settings")
TOKEN = {"access_token": "sink", "token_type": "Bearer", "scope": "customerexperienceapi", "expires_in": 3600}
TOO_MANY = {"code": 429, "message": "Too Many Requests", "errors": []}
REASONS = {200: "OK", 204: "No Content", 404: "Not Found", 429: "Too Many Requests"}

Headers: TypeAlias = dict[str, object]


@dataclass
class Sink:
    """What has arrived, and what callers are told."""

    limit: int = 0
    """Requests that are accepted in each window; 0: all."""
    window_s: float = 1.0
    latency_s: float = 0.0
    """How long each answer to settings takes."""
    remembers: bool = False
    """Whether each customer's first arrival is kept."""
    requests: list[tuple[float, int, int]] = field(default_factory=list)
    arrivals: dict[str, float] = field(default_factory=dict)
    window_ends_at: float = 0.0
    used: int = 0

    def accept(self, body: bytes) -> bytes:
        """The answer to a request with settings."""
        now = time.monotonic()
        settings = json.loads(body)["settings"]
        if not self._is_within(now):
            self.requests.append((now, 429, 0))
            return answer(429, TOO_MANY, {"Retry-After": self._reset_s(now), **self._limits(now)})
        self.requests.append((now, 204, len(settings)))
        if self.remembers:
            for setting in settings:
                self.arrivals.setdefault(setting["customerId"], now)
        return answer(204, None, self._limits(now))

    def _is_within(self, now: float) -> bool:
        """A window begins with the first request after the last one; what is refused does not count."""
        if now >= self.window_ends_at:
            self.window_ends_at, self.used = now + self.window_s, 0
        is_within = not self.limit or self.used < self.limit
        self.used += is_within
        return is_within

    def _limits(self, now: float) -> Headers:
        if not self.limit:
            return {}
        left = self.limit - self.used
        names = {"Limit": self.limit, "Remaining": left, "Reset": self._reset_s(now)}
        return {f"X-RateLimit-{name}": value for name, value in names.items()}

    def _reset_s(self, now: float) -> int:
        return max(1, math.ceil(round(self.window_ends_at - now, 3)))

    def counted(self) -> dict[str, float]:
        accepted = [(at, count) for at, status, count in self.requests if status == 204]
        return {
            "settings": sum(count for _, count in accepted),
            "requests": len(accepted),
            "first_at": accepted[0][0] if accepted else 0.0,
            "last_at": accepted[-1][0] if accepted else 0.0,
        }


def answer(status: int, body: object = None, headers: Headers | None = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    about: Headers = {} if status == 204 else {"Content-Type": "application/json", "Content-Length": len(content)}
    told = [f"{name}: {text}" for name, text in {**about, **(headers or {})}.items()]
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *told]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Line(asyncio.Protocol):
    """One connection. Whoever uses it waits for an answer before the next request."""

    sink = Sink()
    """All connections share it."""

    def __init__(self) -> None:
        self.seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head, blank, rest = self.seen.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        if not blank or len(rest) < (int(length[1]) if length else 0):
            return
        self.seen = b""
        self._answer(head.split(b" ", 2)[1], rest)

    def _answer(self, path: bytes, body: bytes) -> None:
        if SETTINGS.fullmatch(path):
            asyncio.get_running_loop().call_later(self.sink.latency_s, self.transport.write, self.sink.accept(body))
        elif path in CONTROLS:
            self.transport.write(answer(200, CONTROLS[path](body)))
        else:
            self.transport.write(answer(404))


def begin(settings: dict[str, Any]) -> None:
    Line.sink = Sink(**settings)


CONTROLS: dict[bytes, Callable[[bytes], object]] = {
    b"/tokenservice/oauth2/access_token": lambda _: TOKEN,
    b"/_sink/counted": lambda _: Line.sink.counted(),
    b"/_sink/requests": lambda _: Line.sink.requests,
    b"/_sink/arrivals": lambda _: Line.sink.arrivals,
    b"/_sink/begin": lambda body: begin(json.loads(body)),
}


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Line, "127.0.0.1", port)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
