"""The programs that make a whole bridge on one host: sandbox, worker, web."""

import socket
import tempfile
from pathlib import Path

from bridge.supervise import Program


def web(*, host: str, port: int, workers: int) -> Program:
    environ = {"PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp(prefix="bridge-metrics-")}
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["--config", "python:bridge.gunicorn", "--bind", bind, "--workers", str(workers)]
    return Program(name="web", arguments=["-m", "gunicorn", *options], environ=environ)


def worker() -> Program:
    return Program(name="worker", arguments=["-m", "bridge", "worker"])


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
