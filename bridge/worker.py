"""The loop: release what is stalled, fill, deliver; it ends on SIGTERM, between two deliveries."""

import os
import secrets
import signal
import socket
import threading
import time
from datetime import timedelta

from bridge import clock, log, metrics
from bridge.delivery import leftovers
from bridge.delivery.budget import configured
from bridge.delivery.deliver import deliver_next
from bridge.delivery.threads import Sending
from bridge.delivery.turn import Sender
from bridge.errors import DatabaseAway
from bridge.fetch import store as fetching
from bridge.fetch.threads import Fetching
from bridge.inbox import silence
from bridge.maintenance.held import Paused, sample
from bridge.outbox.fill import fill
from bridge.outbox.plan import Room
from bridge.outbox.store import binding, settle, workers
from bridge.wiring import Bridge
from bridge.worker_life import Life

IDLE_S = 1.0
"""How often it sees that its threads live; what is committed is seen at once."""
AWAY_S = 1.0
ROUND_S = 5.0


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
    reading = Fetching(bridge.database, bridge.published, bridge.settings.policy, worker, stop)
    sending = Sending(sender_of(bridge, worker, stop), bridge.settings.policy.senders)
    life = Life(bridge.database, worker, timedelta(seconds=bridge.settings.lease_s))
    changes = bridge.database.changes(stop)
    log.info("worker.started", worker=worker)
    next_round = 0.0
    silent: frozenset[str] = frozenset()
    paused: Paused = frozenset()
    has_news = True
    while not stop.is_set():
        try:
            life.keep(clock.now())
            sending.keep_up()
            if time.monotonic() >= next_round:
                release(bridge, worker)
                bring_back(bridge)
                silent = listen(bridge, silent)
                paused = sample(bridge.database, paused, clock.now())
                reading.keep_up()
                next_round = time.monotonic() + ROUND_S
                has_news = True  # whatever was missed
            if has_news:
                has_news = fill_once(bridge)
                sending.ring()
            has_news = has_news or changes.wait(IDLE_S)
        except DatabaseAway as error:
            log.warning("database.away", reason=str(error))
            stop.wait(AWAY_S)
            has_news = True
    sending.finish()
    reading.finish()
    life.end()
    changes.close()
    log.info("worker.stopped", worker=worker)


def sender_of(bridge: Bridge, worker: str, stop: threading.Event | None = None) -> Sender:
    policy, limits = bridge.settings.policy, bridge.settings.limits
    return Sender(
        database=bridge.database,
        client=bridge.client,
        lookups=bridge.lookups,
        policy=policy,
        rate=configured(policy),
        room=Room(settings=limits.max_settings, bytes=limits.max_request_bytes),
        target=bridge.settings.target,
        worker=worker,
        stop=stop or threading.Event(),
    )


def work_once(bridge: Bridge, sender: Sender) -> bool:
    """All that is new translated and all that is due sent, one after another; False if there was nothing to do."""
    busy = fill_once(bridge)
    while deliver_next(sender) is None:
        busy = True
    return busy


def fill_once(bridge: Bridge) -> bool:
    """Translate some of what is new; False if nothing is."""
    # In each round, so that what is replayed after a publication meets the published version.
    bridge.published.follow()
    limits = bridge.settings.limits
    return fill(bridge.database, bridge.published.catalogue, limits=limits, now=clock.now()) > 0


def release(bridge: Bridge, worker: str) -> None:
    """Take back what the workers had claimed that have ended, and settle the doubts that are over."""
    now = clock.now()
    doubt = timedelta(seconds=bridge.settings.policy.doubt_s)
    with bridge.database.transaction() as conn:
        binding.check(conn, bridge.settings.target)
        held = {*settle.claimants(conn), *fetching.holders(conn)} - {worker}
        gone = sorted(held & set(workers.gone(conn, now)) | {name for name in held if has_ended(name)})
        count = settle.release(conn, gone, now=now, unsettled_until=now + doubt) if gone else 0
        if gone:
            fetching.free(conn, gone)
        settled = settle.settle_doubts(conn, now=now)
    if count:
        log.warning("deliveries.released", count=count)
    if settled:
        log.info("deliveries.sent_again", count=settled, reason="an older request may have come late")


def bring_back(bridge: Bridge) -> None:
    """What a clock that was wrong has put off waits no longer than it may."""
    if leftovers.bring_back(bridge.database, bridge.settings.policy, clock.now()):
        log.warning("clock.was_wrong", reason="times lay further ahead than they can, and were brought back")


def listen(bridge: Bridge, before: frozenset[str]) -> frozenset[str]:
    """The sources that have been silent for too long; each is told when its silence begins and when it ends."""
    sources = [mapping.source for mapping in bridge.published.catalogue.mappings.values()]
    with bridge.database.reading() as conn:
        found = {one.source: one for one in silence.silent(conn, sources, clock.now())}
    for name in found.keys() - before:
        log.warning("source.silent", source=name, last=found[name].last, hours=found[name].every / timedelta(hours=1))
    known = {source.name for source in sources}
    for name in before & known - found.keys():
        log.info("source.speaks_again", source=name)
    # Nobody waits any more for those that were withdrawn.
    for name in before | known:
        metrics.SILENT.labels(name).set(name in found)
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
