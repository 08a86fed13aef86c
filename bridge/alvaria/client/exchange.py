"""One HTTP exchange with both time-outs, an end, and a bound to what is read."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from requests import RequestException, Response
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from bridge.alvaria.client.flight import Flight
from bridge.alvaria.client.sessions import Session
from bridge.alvaria.request import Request

MAX_BODY_BYTES = 10_000_000
CHUNK_BYTES = 65_536
TROUBLE = (RequestException, HTTPError, OSError)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """All in seconds."""

    connect_s: float
    read_s: float
    """The longest silence."""
    total_s: float
    """From the first attempt to connect to the last byte of the answer."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came back. `trouble` says why the body is not all of it; empty where it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    trouble: str
    took_s: float


class NothingCame(Exception):
    """Not even a status. `sent` is False where certainly no byte of the request left us."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.sent = sent


def exchange(session: Session, request: Request, *, base_url: str, auth: AuthBase, timeouts: Timeouts) -> Came:
    """Send `request` and read what comes; NothingCame where nothing does. Errors never hold the address."""
    started = time.perf_counter()
    with Flight(timeouts.total_s) as flight:
        try:
            response = session.request(
                request.method,
                base_url + request.target,
                headers=request.headers,
                data=request.body,
                auth=auth,
                timeout=(timeouts.connect_s, timeouts.read_s),
                allow_redirects=False,
                stream=True,
            )
        except TROUBLE as error:
            raise NothingCame(_cause(error, flight), sent=flight.sent) from None
        with response:
            body, trouble = _read(response, flight)
    return Came(
        status=response.status_code,
        headers=response.headers,
        body=body,
        trouble=trouble,
        took_s=time.perf_counter() - started,
    )


def _read(response: Response, flight: Flight) -> tuple[bytes, str]:
    body = bytearray()
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return bytes(body[:MAX_BODY_BYTES]), f"an answer of over {MAX_BODY_BYTES} bytes"
    except TROUBLE as error:
        return bytes(body), _cause(error, flight)
    # A body without a length ends when the connection does, also when it was us who cut it.
    return bytes(body), _OVER if flight.is_over else ""


_OVER = "no end of the answer within the time that it has"


def _cause(error: Exception, flight: Flight) -> str:
    """The kind of trouble. Never its text, which holds the address and with it a customer."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return _OVER if flight.is_over else type(reason if isinstance(reason, Exception) else error).__name__
