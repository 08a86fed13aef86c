"""An API and its token service that do what a test tells them, over a real socket."""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]

SECRETS = {"client_id": "id-4f", "client_secret": "secret-5e", "api_key": "key-6d"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """The sender's port: the same for requests over one connection."""


@dataclass
class Script:
    """What to do next, and what was seen. Without an act, a token is given and a request gets 204."""

    token_acts: deque[Act] = field(default_factory=deque)
    acts: deque[Act] = field(default_factory=deque)
    token_requests: list[Seen] = field(default_factory=list)
    requests: list[Seen] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test has ended."""
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        is_token = self.path.startswith("/token")
        seen = Seen(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size),
            connection=self.client_address[1],
        )
        (self.script.token_requests if is_token else self.script.requests).append(seen)
        acts = self.script.token_acts if is_token else self.script.acts
        if acts:
            acts.popleft()(self)
        elif is_token:
            token(f"token-{len(self.script.token_requests)}")(self)
        else:
            reply(204)(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the name in http.server
        """Quiet."""


def reply(status: int, body: Any = None, headers: dict[str, str] | None = None) -> Act:
    """Any answer: `body` as JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()

    def act(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return act


def token(text: str, **members: Any) -> Act:
    given = {"access_token": text, "token_type": "Bearer", "expires_in": 3599, "scope": "a b"}
    return reply(200, {**given, **members})


def raw(content: bytes) -> Act:
    """Bytes as they are, and then the end."""

    def act(handler: Handler) -> None:
        handler.wfile.write(content)
        handler.close_connection = True

    return act


def hang(handler: Handler) -> None:
    handler.script.over.wait()
    handler.close_connection = True


def drip(start: bytes) -> Act:
    """`start`, and then one byte after the other without an end."""

    def act(handler: Handler) -> None:
        handler.close_connection = True
        try:
            handler.wfile.write(start)
            while not handler.script.over.wait(0.01):
                handler.wfile.write(b"x")
        except OSError:
            return

    return act


def reset(handler: Handler) -> None:
    """The connection is torn down without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@contextmanager
def scripted() -> Iterator[Script]:
    script = Script()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Scripted", (Handler,), {"script": script}))
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield script
    finally:
        script.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
