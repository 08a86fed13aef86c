"""The loop: release what is stalled, fill, deliver; it ends on SIGTERM, between two deliveries."""

import os
import secrets
import signal
import socket
import threading
import time
from datetime import timedelta

from bridge import clock, log, metrics
from bridge.delivery.deliver import Sender, deliver_next
from bridge.delivery.hold import Holds
from bridge.errors import DatabaseAway
from bridge.fetch import store as fetching
from bridge.fetch.threads import Fetching
from bridge.inbox import silence
from bridge.outbox.fill import fill
from bridge.outbox.store import binding, queue
from bridge.wiring import Bridge
from bridge.worker_life import Life

IDLE_S = 1.0
"""How late what is due by its time may be seen; what is committed is seen at once."""
AWAY_S = 1.0
RELEASE_EVERY_S = 5.0
REQUESTS = 3
"""A delivery may have to look up a list by name, and its type, before it is sent."""
MARGIN_S = 30.0
"""A claim outlives its requests by this, so that nobody takes it over while one is on its way."""
DELIVERIES_PER_ROUND = 50


def run(bridge: Bridge) -> None:
    """Work until SIGTERM or SIGINT; SIGHUP has the folder of mappings read again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # A thread, since the loop may be waiting for an answer, and the web processes for the mended mapping.
    signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=bridge.publish_files).start())
    bridge.publish_files()
    work(bridge, stop)


def work(bridge: Bridge, stop: threading.Event) -> None:
    """Work until `stop` is set; a database that is away is waited for."""
    worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    sender = sender_of(bridge, worker)
    reading = Fetching(bridge.database, bridge.published, bridge.settings.policy, worker, stop)
    life = Life(bridge.database, worker, timedelta(seconds=bridge.settings.lease_s))
    changes = bridge.database.changes(stop)
    log.info("worker.started", worker=worker)
    next_release = 0.0
    silent: frozenset[str] = frozenset()
    while not stop.is_set():
        try:
            life.keep(clock.now())
            if time.monotonic() >= next_release:
                release(bridge, worker)
                silent = listen(bridge, silent)
                reading.keep_up()
                next_release = time.monotonic() + RELEASE_EVERY_S
            if not work_once(bridge, sender, stop):
                changes.wait(IDLE_S)
        except DatabaseAway as error:
            log.warning("database.away", reason=str(error))
            stop.wait(AWAY_S)
    reading.finish()
    life.end()
    changes.close()
    log.info("worker.stopped", worker=worker)


def sender_of(bridge: Bridge, worker: str) -> Sender:
    return Sender(
        database=bridge.database,
        client=bridge.client,
        lookups=bridge.lookups,
        holds=Holds(),
        policy=bridge.settings.policy,
        lease=timedelta(seconds=REQUESTS * bridge.client.longest_send_s + MARGIN_S),
        target=bridge.settings.target,
        worker=worker,
    )


def work_once(bridge: Bridge, sender: Sender, stop: threading.Event) -> bool:
    """One round; False if there was nothing to do."""
    # In each round, so that what is replayed after a publication meets the published version.
    bridge.published.follow()
    busy = fill(bridge.database, bridge.published.catalogue, limits=bridge.settings.limits, now=clock.now()) > 0
    for _ in range(DELIVERIES_PER_ROUND):
        if stop.is_set() or not deliver_next(sender):
            break
        busy = True
    return busy


def release(bridge: Bridge, worker: str) -> None:
    """Free the claims of workers that have ended, without waiting for their leases where that is certain."""
    with bridge.database.transaction() as conn:
        binding.check(conn, bridge.settings.target)
        gone = [name for name in queue.claimants(conn) if name != worker and has_ended(name)]
        count = queue.release_stalled(conn, now=clock.now(), gone=gone)
        fetching.free(conn, [name for name in fetching.holders(conn) if name != worker and has_ended(name)])
    if count:
        log.warning("deliveries.released", count=count)


def listen(bridge: Bridge, before: frozenset[str]) -> frozenset[str]:
    """The sources that have been silent for too long; each is told when its silence begins and when it ends."""
    sources = [mapping.source for mapping in bridge.published.catalogue.mappings.values()]
    with bridge.database.reading() as conn:
        found = {one.source: one for one in silence.silent(conn, sources, clock.now())}
    for name in found.keys() - before:
        log.warning("source.silent", source=name, last=found[name].last, hours=found[name].every / timedelta(hours=1))
    for name in before - found.keys():
        log.info("source.speaks_again", source=name)
    for source in sources:
        metrics.SILENT.labels(source.name).set(source.name in found)
    return frozenset(found)


def has_ended(worker: str) -> bool:
    """True if the worker ran on this host and its process is no more. In doubt its lease decides."""
    host, pid, _ = worker.split("/")
    if host != socket.gethostname():
        return False
    if int(pid) == os.getpid():
        return True  # the name differs from ours, so the number was used again: in a container it always is
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
