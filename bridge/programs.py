"""The programs that make a whole bridge on one host: sandbox, worker, web."""

import signal
import socket
import time
from pathlib import Path

from bridge.supervise import Program

PORT_PATIENCE_S = 10.0


def web(*, host: str, port: int, workers: int, metrics: Path) -> Program:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["--config", "python:bridge.gunicorn", "--bind", bind, "--workers", str(workers)]
    # Left alone it would finish slowly and keep the port from the next supervisor. What it has answered is durable.
    return Program(
        name="web", arguments=["-m", "gunicorn", *options], environ=_counting_in(metrics), orphan_signal=signal.SIGKILL
    )


def worker(*, metrics: Path, name: str = "worker") -> Program:
    """There may be several on one database: what one has claimed, the others leave alone."""
    return Program(name=name, arguments=["-m", "bridge", "worker"], environ=_counting_in(metrics), reloads=True)


def watcher() -> Program:
    """Publishes what changes in the folder of mappings; web and worker follow."""
    return Program(name="watcher", arguments=["-m", "bridge", "mappings", "reload", "--watch"])


def _counting_in(folder: Path) -> dict[str, str]:
    """An empty folder in which all processes add up what they count, so that the web process shows the sum."""
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def sandbox(*, port: int, data: Path | None) -> Program:
    kept = ["--data", str(data)] if data else []
    return Program(name="sandbox", arguments=["-m", "bridge", "sandbox", "--port", str(port), *kept])


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """`wanted` if nobody listens there, else any that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str) -> bool:
    """True once nobody listens there; a bridge that has just been killed gets a few seconds to let go."""
    deadline = time.monotonic() + PORT_PATIENCE_S
    while free_port(port, host) != port:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
