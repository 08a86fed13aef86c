"""Deliveries sent.

The guarantee: repeatable operations at least once, the others at most once with the doubt shown; of each cookie the
newest change wins, whatever the order of arrival. Nothing is locked while we wait for the network.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bridge import clock
from bridge.delivery.batch import accept, named_in, next_part, refuse, split
from bridge.delivery.budget import Wait, take
from bridge.delivery.decide import Case, decide, is_about_contents
from bridge.delivery.note import Sent, settle
from bridge.delivery.store import lock_budget, save_budget
from bridge.delivery.turn import Batch, Sender, take_turn
from bridge.errors import BadRequest, LookupFailed, NotFound, TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivered, Delivery, Json, Retry, Verdict
from bridge.outbox.plan import DELETE, UPSERT, Item

Result: TypeAlias = Answer | Unreachable | TokenRefused | LookupFailed | NotFound | BadRequest

PATIENCE = timedelta(seconds=5)
"""How long a batch that is being taken apart waits for its next request, before it goes back to the queue."""


def deliver_next(sender: Sender) -> Wait | None:
    """Send the next request; when to look again, where there is none to send."""
    batch = take_turn(sender, clock.now())
    if isinstance(batch, Wait):
        return batch
    sent = send(sender, batch, batch.items)
    if len(batch.items) > 1 and is_about_contents(sent.result):
        take_apart(sender, batch, sent)
    else:
        settle(sender, batch, sent, judge(sender, sent))
    return None


def send(sender: Sender, batch: Batch, items: Sequence[Item]) -> Sent:
    """One request, or more where a name must be looked up; trouble is a value here, to be judged like an answer."""
    began_at, started = clock.now(), time.monotonic()
    result: Result
    try:
        params, body = _request(batch.operation, items)
        found = sender.lookups.resolve(params, batch.operation)
        result = sender.client.send(batch.operation, found, body)
    except (Unreachable, TokenRefused, LookupFailed, NotFound, BadRequest) as trouble:
        result = trouble
    return Sent(items=tuple(items), result=result, began_at=began_at, took_s=time.monotonic() - started)


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
        return decide(result.answer, replace(case, delivery=replace(case.delivery, repeatable=True)))
    return decide(result, case)


def take_apart(sender: Sender, batch: Batch, refused: Sent) -> None:
    """Find what was refused: that one dies with the API's own words, the others arrive."""
    settle(sender, batch, refused, ())
    state = split(len(batch.items), _words(refused), _named(refused, batch.items))
    while part := next_part(state):
        items = [batch.items[place] for place in part.items]
        if wait := spend(sender, batch.category):
            rest = [batch.items[place] for place in state.undecided]
            settle(sender, batch, replace(refused, items=()), [(_later(wait), rest)])
            return
        sent = send(sender, batch, items)
        if not is_about_contents(sent.result) and not _was_accepted(sent):
            others = [batch.items[place] for place in state.undecided]
            whole = replace(sent, items=tuple(others))
            settle(sender, batch, whole, judge(sender, whole))
            return
        if _was_accepted(sent):
            state = accept(state)
            settle(sender, batch, sent, judge(sender, sent))
            continue
        state = refuse(state, _words(sent), _named(sent, items))
        is_paused = settle(sender, batch, sent, judge(sender, sent) if len(items) == 1 else ())
        if is_paused:
            rest = [batch.items[place] for place in state.undecided]
            settle(sender, batch, replace(sent, items=()), [(_again(clock.now()), rest)])
            return


def spend(sender: Sender, category: str) -> Wait | None:
    """Take one more request from the budget; the wait where that is a long one."""
    while True:
        now = clock.now()
        with sender.database.transaction() as conn:
            taken = take(lock_budget(conn, category), configured=sender.rate, now=now)
            if not isinstance(taken, Wait):
                save_budget(conn, taken)
                return None
        if taken.until - now > PATIENCE:
            return taken
        time.sleep(max(0.01, (taken.until - now).total_seconds()))


def _was_accepted(sent: Sent) -> bool:
    return isinstance(sent.result, Answer) and 200 <= sent.result.status < 300


def _words(sent: Sent) -> str:
    return sent.result.message if isinstance(sent.result, Answer) else str(sent.result)


def _named(sent: Sent, items: Sequence[Item]) -> tuple[int, ...]:
    return named_in(_words(sent), [{"settings": [dict(member) for member in item.members]} for item in items])


def _later(wait: Wait) -> Retry:
    return Retry(at=wait.until, reason=wait.reason, counts=False)


def _again(now: datetime) -> Retry:
    return Retry(at=now, reason="it was refused together with others, and is sent again without them", counts=False)
