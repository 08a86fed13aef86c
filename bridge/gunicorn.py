"""How gunicorn serves the web process; read by `bridge run` and the Procfile alike."""

import os
from typing import Any

from prometheus_client import multiprocess

wsgi_app = "bridge.web:create_app()"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 64  # those that wait for the disk cost nothing, and some must be left to say so: BRIDGE_MAX_WAITING_WEBHOOKS
timeout = 60
graceful_timeout = 25
keepalive = 75  # longer than common proxies keep theirs, so that a proxy never writes into a closed connection
max_requests = 0
# No access log: the query strings of some sources hold their key.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def child_exit(_server: Any, worker: Any) -> None:
    """A worker's gauges end with it; its counters stay in the sum."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # the library leaves it untyped
