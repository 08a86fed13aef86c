"""Deliveries sent.

The guarantee: repeatable operations at least once, the others at most once with the doubt shown; of each cookie the
newest change wins, whatever the order of arrival. Nothing is locked while we wait for the network.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bridge import clock
from bridge.alvaria.named import fitting, with_ids
from bridge.delivery.batch import accept, named_in, next_part, refuse, split
from bridge.delivery.budget import Wait, take
from bridge.delivery.decide import Case, decide, is_about_contents
from bridge.delivery.note import Sent, settle
from bridge.delivery.patience import patiently
from bridge.delivery.store import lock_budget, save_budget
from bridge.delivery.turn import Batch, Sender, take_turn
from bridge.errors import BadRequest, DatabaseAway, LookupFailed, NotFound, TokenRefused, Unreachable
from bridge.model import Answer, Dead, Json, Retry, Verdict
from bridge.outbox.plan import COOKIES, DELETE, UPSERT, Item
from bridge.outbox.store.settle import let_go

Result: TypeAlias = Answer | Unreachable | TokenRefused | LookupFailed | NotFound | BadRequest

PATIENCE = timedelta(seconds=5)
"""How long a batch that is being taken apart waits for its next request, before it goes back to the queue."""


def deliver_next(sender: Sender, *, claimed: Callable[[], None] = lambda: None) -> Wait | None:
    """Send the next request; when to look again, where there is none to send. Calls `claimed` before it sends."""
    batch = _take_turn(sender, clock.now())
    if isinstance(batch, Wait):
        return batch
    claimed()
    sent = send(sender, batch, batch.items)
    if len(batch.items) > 1 and is_about_contents(sent.result):
        take_apart(sender, batch, sent)
    else:
        settle(sender, batch, sent, judge(sender, sent))
    return None


def _take_turn(sender: Sender, now: datetime) -> Batch | Wait:
    try:
        return take_turn(sender, now)
    except DatabaseAway:
        # The claim may have been committed, and only the word of it lost: it would hold as long as this worker lives.
        patiently(sender.stop, lambda: _let_go(sender, now))
        raise


def _let_go(sender: Sender, claimed_at: datetime) -> None:
    with sender.database.transaction() as conn:
        let_go(conn, sender.worker, claimed_at)


def send(sender: Sender, batch: Batch, items: Sequence[Item]) -> Sent:
    """One request, or more where a name must be looked up; trouble is a value here, to be judged like an answer."""
    began_at, started = clock.now(), time.monotonic()
    result: Result
    try:
        params, body = _request(batch.operation, items)
        found = sender.lookups.resolve(params, batch.operation)
        body = _with_ids(sender, batch.operation, body)
        # What a mapping makes is compared with the contract when it is made.
        result = sender.client.send(batch.operation, found, body, checked=True)
    except (Unreachable, TokenRefused, LookupFailed, NotFound, BadRequest) as trouble:
        result = trouble
    return Sent(items=tuple(items), result=result, began_at=began_at, took_s=time.monotonic() - started)


def _with_ids(sender: Sender, operation_id: str, body: Json) -> Json:
    """Cookies name nothing, and are too many to be looked through."""
    if operation_id in COOKIES or body is None:
        return body

    def id_of(name: Json, schema: Mapping[str, Json]) -> Json:
        return fitting(sender.lookups.resolve({"id": name}, operation_id)["id"], schema)

    return with_ids(operation_id, body, id_of)


def _request(operation_id: str, items: Sequence[Item]) -> tuple[dict[str, Json], Json]:
    """What these items ask for together."""
    first = items[0]
    if operation_id == UPSERT:
        return dict(first.delivery.params), {"settings": [dict(member) for item in items for member in item.members]}
    if operation_id == DELETE:
        return {**first.delivery.params, "key": ",".join(first.keys)}, None
    return dict(first.delivery.params), first.delivery.body


def judge(sender: Sender, sent: Sent) -> Iterator[tuple[Verdict, list[Item]]]:
    """The verdicts, each with those that it is for. Together they wait for the same moment, and stay together."""
    luck = random.random()  # noqa: S311 (it spreads retries, it guards nothing)
    now = clock.now()
    verdicts: dict[Verdict, list[Item]] = {}
    for item in sent.items:
        case = Case(delivery=item.delivery, policy=sender.policy, now=now, luck=luck)
        verdicts.setdefault(verdict_of(sent.result, case), []).append(item)
    yield from verdicts.items()


def verdict_of(result: Result, case: Case) -> Verdict:
    if isinstance(result, NotFound | BadRequest):
        return Dead(reason=str(result))
    if isinstance(result, LookupFailed):
        # Only a list was read: nothing of the delivery itself has left us, so it may be tried again.
        looked_up = replace(case.delivery, repeatable=True, operation=result.operation)
        return decide(result.answer, replace(case, delivery=looked_up))
    return decide(result, case)


def take_apart(sender: Sender, batch: Batch, refused: Sent) -> None:
    """Find what was refused: that one dies with the API's own words, the others arrive.

    What is not decided when the API stops answering, or the budget is used up, waits with all others again.
    """
    settle(sender, batch, refused, ())
    state = split(len(batch.items), _words(refused), _named(refused))
    while part := next_part(state):
        undecided = [batch.items[place] for place in state.undecided]
        if wait := spend(sender, batch.category):
            settle(
                sender, batch, _nothing(refused), [(Retry(at=wait.until, reason=wait.reason, counts=False), undecided)]
            )
            return
        sent = send(sender, batch, [batch.items[place] for place in part.items])
        if _was_accepted(sent):
            settle(sender, batch, sent, judge(sender, sent))
            state = accept(state)
        elif not is_about_contents(sent.result):
            settle(sender, batch, sent, judge(sender, replace(sent, items=tuple(undecided))))
            return
        else:
            is_paused = settle(sender, batch, sent, judge(sender, sent) if len(sent.items) == 1 else ())
            state = refuse(state, _words(sent), _named(sent))
            if is_paused:
                rest = [batch.items[place] for place in state.undecided]
                settle(sender, batch, _nothing(sent), [(_again(clock.now()), rest)])
                return


def _nothing(sent: Sent) -> Sent:
    """No request of its own."""
    return replace(sent, items=())


def spend(sender: Sender, category: str) -> Wait | None:
    """Take one more request from the budget; the wait where that is a long one."""
    while True:
        now = clock.now()
        taken = patiently(sender.stop, lambda now=now: _spend(sender, category, now))  # type: ignore[misc]  # mypy knows no defaults
        if not taken:
            return None
        if taken.until - now > PATIENCE:
            return taken
        time.sleep(max(0.01, (taken.until - now).total_seconds()))


def _spend(sender: Sender, category: str, now: datetime) -> Wait | None:
    with sender.database.transaction() as conn:
        taken = take(lock_budget(conn, category), configured=sender.rate, now=now)
        if isinstance(taken, Wait):
            return taken
        save_budget(conn, taken)
        return None


def _was_accepted(sent: Sent) -> bool:
    return isinstance(sent.result, Answer) and 200 <= sent.result.status < 300


def _words(sent: Sent) -> str:
    return sent.result.message if isinstance(sent.result, Answer) else str(sent.result)


def _named(sent: Sent) -> tuple[int, ...]:
    return named_in(_words(sent), [{"settings": [dict(member) for member in item.members]} for item in sent.items])


def _again(now: datetime) -> Retry:
    return Retry(at=now, reason="it was refused together with others, and is sent again without them", counts=False)
