"""A request on its way: whether any of it has left us, and an end to its time whatever the other side does."""

import socket
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool

IN_FLIGHT: ContextVar["Flight"] = ContextVar("IN_FLIGHT")


class Flight:
    """Around one exchange. When `total_s` have passed the connection is cut; after that nothing is sent any more.

    Requests' own time-out is for each read: whoever sends a byte now and then would keep us for ever.
    """

    def __init__(self, total_s: float) -> None:
        self.sent = False
        self.is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(total_s, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._before = IN_FLIGHT.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        IN_FLIGHT.reset(self._before)

    def depart(self, connected: Any) -> None:
        """The connection stands, the first byte follows: from here on the request may be carried out."""
        self._socket = connected if isinstance(connected, socket.socket) else None
        if self.is_over:
            raise TimeoutError
        self.sent = True

    def _cut(self) -> None:
        self.is_over = True
        if self._socket:
            with suppress(OSError):
                # The plain socket's method, also below TLS: it wakes the thread that reads, and frees nothing
                # that this one still uses.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class WatchedConnection(HTTPConnection):
    """Tells the flight when it is connected, before it sends the first byte."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        IN_FLIGHT.get().depart(self.sock)
        super().request(*args, **kwargs)


class WatchedTlsConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS."""


class WatchedAdapter(HTTPAdapter):
    """Requests' transport over watched connections, directly or through a proxy."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if isinstance(pool, HTTPConnectionPool):
            pool.ConnectionCls = WatchedTlsConnection if isinstance(pool, HTTPSConnectionPool) else WatchedConnection
        return pool
