"""What is counted, for Prometheus; under gunicorn the processes add up."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import REGISTRY as OWN
from prometheus_client.multiprocess import MultiProcessCollector

WEBHOOKS = Counter("bridge_webhooks_total", "Webhooks by source and result", ["source", "result"])
EVENTS = Counter("bridge_events_total", "Events received", ["source", "result"])
OUTCOMES = Counter("bridge_outcomes_total", "What rules made of events", ["source", "rule", "kind"])
FETCHES = Counter("bridge_fetches_total", "Events whose record was read from their CRM", ["source", "verdict"])
ATTEMPTS = Counter("bridge_attempts_total", "Requests to Alvaria by operation and status", ["operation", "status"])
VERDICTS = Counter("bridge_verdicts_total", "What became of deliveries", ["operation", "verdict"])
SILENT = Gauge(
    "bridge_source_silent",
    "1 where a source has been silent for longer than expected",
    ["source"],
    multiprocess_mode="mostrecent",  # a worker that has ended must not keep a silence alive
)
PAUSED = Gauge("bridge_paused", "1 while something is paused", ["name", "cause"], multiprocess_mode="mostrecent")
WAITING = Gauge("bridge_waiting_deliveries", "Deliveries that wait", multiprocess_mode="mostrecent")
OLDEST_DELIVERY = Gauge(
    "bridge_waiting_deliveries_oldest_seconds",
    "How long the delivery has waited that waits longest",
    multiprocess_mode="mostrecent",
)
OLDEST_EVENT = Gauge(
    "bridge_waiting_events_oldest_seconds",
    "How long the event has waited for its translation, or its record, that waits longest",
    multiprocess_mode="mostrecent",
)
REQUEST_SECONDS = Histogram("bridge_request_seconds", "How long Alvaria took to answer", ["operation"])

TYPE = CONTENT_TYPE_LATEST


def text() -> bytes:
    """All metrics of all processes in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(OWN)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return generate_latest(registry)
