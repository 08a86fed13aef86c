"""Starts and stops the sandbox: as a program of its own, or within a test."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

from bridge.sandbox.disk import BadData, Keeper
from bridge.sandbox.server import Server
from bridge.sandbox.state import State, utc_now

POLL_S = 0.05


class CannotListen(Exception):
    """The port is taken, or is none; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    url: str
    state: State


def main(port: int = 8090, data: str | None = None, host: str = "127.0.0.1") -> int:
    """Serve until SIGTERM or SIGINT. 1 where the port is taken or the data file cannot be used."""
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        with running(port, data=data, host=host) as sandbox:
            sys.stdout.write(f"sandbox listening on {sandbox.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (BadData, CannotListen) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


@contextmanager
def running(
    port: int = 0,
    *,
    data: str | None = None,
    host: str = "127.0.0.1",
    now: Callable[[], datetime] = utc_now,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Sandbox]:
    """A sandbox in threads of this process; port 0 is a free one. `pause` is how a fault's delay waits."""
    state = State(now=now, pause=pause)
    with keeping(state, data), listening(host, port, state) as server:
        loop = Thread(target=server.serve_forever, args=(POLL_S,), name="sandbox", daemon=True)
        loop.start()
        try:
            yield Sandbox(url=server.url, state=state)
        finally:
            server.stop()
            loop.join()


def listening(host: str, port: int, state: State) -> Server:
    try:
        return Server(host, port, state)
    except (OSError, OverflowError) as error:
        cause = getattr(error, "strerror", None) or error
        remedy = "stop the program that uses it, or choose another port"
        raise CannotListen(f"cannot listen on {host}:{port} ({cause}): {remedy}") from None


@contextmanager
def keeping(state: State, data: str | None) -> Iterator[None]:
    if data is None:
        yield
        return
    keeper = Keeper(state, Path(data))
    keeper.start()
    thread = Thread(target=keeper.keep, name="sandbox-keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        keeper.stop()
        thread.join()
