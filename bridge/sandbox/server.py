"""HTTP/1.1 over sockets: a thread per connection, connections kept open, every answer in one piece.

Werkzeug's own server ends the connection after each answer, so its clients would never meet a kept-open one.
"""

import re
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bridge.sandbox.front import answer
from bridge.sandbox.messages import Ask, Sent
from bridge.sandbox.state import State

MAX_BODY_BYTES = 16 * 1024 * 1024
NO_CONTENT = (204, 304)
LENGTH = re.compile("[0-9]{1,15}")


class Connection(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together: the client's delayed ACK would hold a second piece back for 40 ms

    def respond(self) -> None:
        wrong = self._wrong_length()
        if wrong:
            # What follows in the stream cannot be told apart any more, so the connection ends.
            self.close_connection = True
            self.send_error(wrong)
            return
        body = self.rfile.read(self._length())
        if len(body) < self._length():
            self.close_connection = True
            return
        sent = answer(self.server.state, self._ask(body))
        if sent is None:
            self._hang_up()
        else:
            self._send(sent)

    def __getattr__(self, name: str) -> Any:
        """Every method is answered in its path's manner, also one that no path has."""
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def _wrong_length(self) -> int | None:
        """The status to refuse the request with where the length of its body is not as it should be."""
        if "transfer-encoding" in self.headers:
            return 411
        if not LENGTH.fullmatch(self.headers.get("content-length", "0")):
            return 400
        return 413 if self._length() > MAX_BODY_BYTES else None

    def _length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    def _ask(self, body: bytes) -> Ask:
        target = urlsplit(self.path)
        return Ask(
            method=self.command,
            path=unquote(target.path) or "/",
            raw_query=target.query,
            query=parse_qs(target.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )

    def _send(self, sent: Sent) -> None:
        self.send_response(sent.status)
        for name, value in sent.headers.items():
            self.send_header(name, value)
        if sent.status not in NO_CONTENT:
            self.send_header("Content-Length", str(len(sent.content)))
        self.end_headers()
        if self.command != "HEAD" and sent.status not in NO_CONTENT:
            self.wfile.write(sent.content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def version_string(self) -> str:
        return "alvaria-sandbox"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the journal has it."""


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, state: State) -> None:
        self.state = state
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Connection)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """End the loop and every open connection, so that nobody goes on talking to a server that has gone."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not worth a word."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
