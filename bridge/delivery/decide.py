"""Answer -> Verdict. The whole retry policy is this page; it does no I/O.

| what came            | repeatable operation | one that must not be repeated blindly            |
|----------------------|----------------------|--------------------------------------------------|
| success              | delivered            | delivered                                        |
| asked to wait        | wait as asked        | wait as asked                                    |
| wrong configuration  | wait, then probe     | 401: wait, then probe; a redirect: unknown       |
| temporary trouble    | back off             | unknown                                          |
| refused              | dead                 | documented refusal: dead; anything else: unknown |
| no answer            | back off             | nothing was sent: back off; else unknown         |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.alvaria.answers import retry_after
from bridge.errors import TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivered, Delivery, Retry, Unknown, Verdict
from bridge.settings import Policy

TEMPORARY = frozenset({408, 425, 500, 502, 503, 504})
# Campaign API v2.0.0, fastPathRecords: refusals that it documents; for these nothing was done.
REFUSED_UNDONE = frozenset({400, 401, 404, 405, 429})
WRONG_ADDRESS = "Alvaria redirects us; check ALVARIA_BASE_URL"
CONFIGURATION = {
    401: "Alvaria does not know us; check ALVARIA_CLIENT_ID, ALVARIA_API_KEY and ALVARIA_SCOPES",
    **dict.fromkeys((301, 302, 303, 307, 308), WRONG_ADDRESS),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A delivery and the circumstances of its judgement. `luck` between 0 and 1 spreads retries (full jitter)."""

    delivery: Delivery
    policy: Policy
    now: datetime
    luck: float


def decide(result: Answer | Unreachable | TokenRefused, case: Case) -> Verdict:
    """What becomes of the delivery."""
    match result:
        case Answer():
            return _judge(result, case)
        case TokenRefused():
            return _probe_later(str(result), case)
        case Unreachable(sent=True) if not case.delivery.repeatable:
            return _in_doubt(str(result))
        case Unreachable():
            return _back_off(str(result), case)


def _judge(answer: Answer, case: Case) -> Verdict:
    if 200 <= answer.status < 300:
        return Delivered()
    words = f"status {answer.status}: {answer.message}" if answer.message else f"status {answer.status}"
    asked_for = retry_after(answer, case.now)
    if answer.status == 429 or (answer.status == 503 and asked_for):
        # Asking us to wait is no failure: it costs no attempt.
        return Retry(at=asked_for or case.now + _pause(case), reason=words, counts=False)
    return _judge_trouble(answer.status, words, case)


def _judge_trouble(status: int, words: str, case: Case) -> Verdict:
    is_certain = case.delivery.repeatable or status in REFUSED_UNDONE
    if not is_certain:
        return _in_doubt(words)
    if status in CONFIGURATION:
        return _probe_later(f"{words}; {CONFIGURATION[status]}", case)
    return _back_off(words, case) if status in TEMPORARY else Dead(reason=words)


def _in_doubt(words: str) -> Verdict:
    return Unknown(reason=f"{words}; it may have been carried out")


def _probe_later(words: str, case: Case) -> Verdict:
    at = case.now + timedelta(seconds=case.policy.configuration_s)
    return Retry(at=at, reason=words, counts=False)


def _back_off(words: str, case: Case) -> Verdict:
    tried_s = (case.now - (case.delivery.waiting_since or case.now)).total_seconds()
    if tried_s >= case.policy.give_up_s:
        return Dead(reason=f"given up after {case.policy.give_up_s / 3600:g} h: {words}")
    return Retry(at=case.now + _pause(case), reason=words)


def _pause(case: Case) -> timedelta:
    """Exponential, capped, with full jitter."""
    longest_s = min(case.policy.cap_s, case.policy.base_s * 2 ** min(case.delivery.attempts, 30))
    return timedelta(seconds=longest_s * case.luck)
