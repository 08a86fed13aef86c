"""What came of a read -> what becomes of its events. The whole policy is this page; it does no I/O.

| what came                                     | the events                                                   |
|-----------------------------------------------|--------------------------------------------------------------|
| the record                                    | go on with it                                                |
| 404, 410: the CRM has no such record any more | go on without it                                             |
| asked to wait                                 | wait as asked, and so does all of their source; no attempt   |
| nobody answered, or we are not let in         | back off, and all of their source waits a moment             |
| temporary trouble, or an answer without sense | back off                                                     |
| refused                                       | unfetched: the same question would be refused again          |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import responses
from typing import TypeAlias

from bridge.alvaria.answers import retry_after
from bridge.errors import NotReady, TokenRefused, Unreachable
from bridge.model import Answer, Json
from bridge.settings import Policy

GONE = frozenset({404, 410})
TEMPORARY = frozenset({408, 423, 425})
REDIRECT = "fetch.url leads elsewhere, and nobody is told our secret on the way: write the address where it ends"
CONFIGURATION = {
    401: "the CRM does not know us; check the secrets that fetch.auth names",
    403: "the CRM does not let us read this; check the rights that go with the secrets of fetch.auth",
    **dict.fromkeys((301, 302, 303, 307, 308), REDIRECT),
}
MOMENT = timedelta(seconds=10)
"""How long a source waits as a whole when its CRM is away or does not let us in."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """The record, as the CRM has it."""

    record: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Untouched:
    """The events go on as they are; `note` says why nothing was added, where somebody might ask."""

    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Later:
    at: datetime
    reason: str
    counts: bool = True
    """False where the CRM only asked us to wait."""
    held_until: datetime | None = None
    """Until when nothing of this source is asked for."""


@dataclass(frozen=True, kw_only=True)
class Unfetched:
    """Nothing comes of it; a person has to mend something, and then replays the events."""

    reason: str


Verdict: TypeAlias = Read | Untouched | Later | Unfetched
Result: TypeAlias = Answer | Unreachable | TokenRefused | NotReady


@dataclass(frozen=True, kw_only=True)
class Case:
    """Events and the circumstances of their read. `luck` between 0 and 1 spreads retries (full jitter)."""

    host: str
    attempts: int
    since: datetime
    give_up: timedelta
    policy: Policy
    now: datetime
    luck: float


def judge(result: Result, case: Case) -> Verdict | None:
    """None where the answer holds what was asked for."""
    if isinstance(result, Answer):
        return _judge_answer(result, case)
    return _back_off(str(result), case, holds=True)


def _judge_answer(answer: Answer, case: Case) -> Verdict | None:
    words = f"{case.host} answered {_named(answer.status)}"
    asked_for = retry_after(answer, case.now)
    if answer.status == 429 or (answer.status == 503 and asked_for):
        # Asking us to wait is no failure: it costs no attempt.
        at = asked_for or case.now + MOMENT
        return Later(at=at, reason=words, counts=False, held_until=at)
    if 200 <= answer.status < 300:
        return None if isinstance(answer.body, dict | list) else _back_off(f"{words}, but no JSON", case)
    if answer.status in GONE:
        return Untouched(note=f"{words}: the CRM does not have this record any more")
    return _judge_trouble(answer.status, words, case)


def _judge_trouble(status: int, words: str, case: Case) -> Verdict:
    if status in CONFIGURATION:
        return _back_off(f"{words}: {CONFIGURATION[status]}", case, holds=True)
    if status >= 500 or status in TEMPORARY:
        return _back_off(words, case)
    return Unfetched(reason=f"{words}; check fetch in the mapping")


def _named(status: int) -> str:
    """The CRM's own words are left out: they may hold a secret, or say whom we asked for."""
    return f"{status} {responses.get(status, '')}".strip()


def _back_off(words: str, case: Case, *, holds: bool = False) -> Verdict:
    if case.now - case.since >= case.give_up:
        return Unfetched(reason=f"given up after {case.give_up / timedelta(hours=1):g} h: {words}")
    longest_s = min(case.policy.cap_s, case.policy.base_s * 2 ** min(case.attempts, 30))
    at = case.now + timedelta(seconds=longest_s * case.luck)
    return Later(at=at, reason=words, held_until=min(at, case.now + MOMENT) if holds else None)
