"""An outage: what was out when it began says no more than the first that failed."""

from datetime import timedelta

from bridge import clock
from bridge.db import Database
from bridge.delivery import store
from bridge.delivery.note import Sent, settle
from bridge.delivery.turn import Batch, Sender
from bridge.errors import Unreachable
from bridge.outbox.plan import UPSERT, Item
from tests.words import upsert

FAILURE = Unreachable(operation=UPSERT, host="api.example.com", cause="ReadTimeout", sent=True)
ITEM = Item(delivery=upsert(id=1))


def fail(sender: Sender, *, claimed_ago_s: float) -> None:
    claimed_at = clock.now() - timedelta(seconds=claimed_ago_s)
    sent = Sent(items=(ITEM,), result=FAILURE, began_at=claimed_at, took_s=1)
    settle(sender, Batch(operation=UPSERT, items=(ITEM,), claimed_at=claimed_at), sent, ())


def test_requests_that_fail_together_do_not_make_the_pause_longer(sender: Sender, database: Database) -> None:
    for _ in range(sender.policy.breaker_failures + 8):
        fail(sender, claimed_ago_s=30)
    with database.reading() as conn:
        (pause,) = store.all_pauses(conn)
    assert pause.interval_s == sender.policy.base_s
    fail(sender, claimed_ago_s=-1)
    with database.reading() as conn:
        (pause,) = store.all_pauses(conn)
    assert pause.interval_s == 2 * sender.policy.base_s, "a probe that fails does"
