"""Answer -> Verdict. The whole retry policy is this page; it does no I/O.

| what came            | repeatable operation | one that must not be repeated blindly            | waits as a whole |
|----------------------|----------------------|--------------------------------------------------|------------------|
| success              | delivered            | delivered                                        | –                |
| asked to wait        | wait as asked        | wait as asked                                    | its category     |
| wrong configuration  | wait, then probe     | refused undone: wait, then probe; else unknown   | everything       |
| temporary trouble    | back off             | unknown                                          | its category *   |
| refused              | dead                 | documented refusal: dead; anything else: unknown | –                |
| no answer            | back off             | nothing was sent: back off; else unknown         | its category *   |

* when it happens several times one after another, see `pause`; everything, where it was no answer to the sign-in.
Asked to wait: 429, and 503 with Retry-After. Wrong configuration: 401 with a new token too, a redirect, a 404 of an
address that names the organisation alone, or that speaks of it, credentials or a scope that are refused, a certificate
that does not hold. Temporary: 408, 425, 500, 502, 503, 504. Of a batch, 400, 413 and 422 are about what is in it: it is
taken apart.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from bridge.alvaria.answers import retry_after
from bridge.alvaria.client.send import SIGN_IN
from bridge.alvaria.operations import OPERATIONS
from bridge.errors import TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivered, Delivery, Retry, Unknown, Verdict
from bridge.settings import Policy

Result: TypeAlias = Answer | Unreachable | TokenRefused

TEMPORARY = frozenset({408, 425, 500, 502, 503, 504})
NOT_BEGUN = frozenset({425})
"""Temporary, and certainly not carried out later."""
REFUSED_UNDONE = frozenset({400, 401, 404, 405, 429})
"""For these nothing was done, and neither for what the operation documents beside them, such as 409."""
ABOUT_CONTENTS = frozenset({400, 413, 422})
WRONG_ADDRESS = "Alvaria redirects us; check ALVARIA_BASE_URL"
WRONG_CERTIFICATE = "its certificate does not hold; check ALVARIA_BASE_URL, ALVARIA_TOKEN_URL and the proxy"
CONFIGURATION = {
    401: "Alvaria does not know us; check ALVARIA_CLIENT_ID, ALVARIA_API_KEY and ALVARIA_SCOPES",
    404: "Alvaria does not know the organisation; check ALVARIA_ORG_ID and ALVARIA_BASE_URL",
    **dict.fromkeys((301, 302, 303, 307, 308), WRONG_ADDRESS),
}
ORGANISATION = re.compile(r"organi[sz]ation|\borg ?id\b", re.IGNORECASE)
TLS = frozenset({"SSLError", "SSLCertVerificationError", "CertificateError"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """A delivery and the circumstances of its judgement. `luck` between 0 and 1 spreads retries (full jitter)."""

    delivery: Delivery
    policy: Policy
    now: datetime
    luck: float


def decide(result: Result, case: Case) -> Verdict:
    """What becomes of the delivery."""
    match result:
        case Answer():
            return _judge(result, case)
        case TokenRefused():
            return _probe_later(str(result), case)
        case Unreachable(sent=True) if not case.delivery.repeatable:
            return _in_doubt(str(result))
        case Unreachable() if hint := _misconfigured(result, case.delivery.operation):
            return _probe_later(f"{result}; {hint}", case)
        case Unreachable():
            return _back_off(str(result), case, in_doubt=result.sent)


def _judge(answer: Answer, case: Case) -> Verdict:
    if 200 <= answer.status < 300:
        return Delivered()
    words, asked_for = _words(answer), retry_after(answer, case.now)
    if _asks_to_wait(answer, asked_for):
        # Asking us to wait is no failure: it costs no attempt.
        return Retry(at=asked_for or case.now + _pause(case), reason=words, counts=False)
    return _judge_trouble(answer, words, case)


def _words(answer: Answer) -> str:
    return f"status {answer.status}: {answer.message}" if answer.message else f"status {answer.status}"


def _asks_to_wait(answer: Answer, asked_for: datetime | None) -> bool:
    return answer.status == 429 or (answer.status == 503 and asked_for is not None)


def _judge_trouble(answer: Answer, words: str, case: Case) -> Verdict:
    status = answer.status
    if not (case.delivery.repeatable or _is_undone(status, case.delivery.operation)):
        return _in_doubt(words)
    if hint := _misconfigured(answer, case.delivery.operation):
        return _probe_later(f"{words}; {hint}", case)
    if status in TEMPORARY:
        return _back_off(words, case, in_doubt=status not in NOT_BEGUN)
    return Dead(reason=words)


def _is_undone(status: int, operation_id: str) -> bool:
    documented = OPERATIONS[operation_id].refusals if operation_id in OPERATIONS else ()
    return status in REFUSED_UNDONE or (status not in TEMPORARY and status in documented)


def _misconfigured(result: Answer | Unreachable, operation_id: str) -> str:
    """What to check; empty where the configuration is not to blame."""
    if isinstance(result, Unreachable):
        return WRONG_CERTIFICATE if result.cause in TLS and not result.sent else ""
    if result.status == 404 and not _is_of_organisation(result, operation_id):
        return ""
    return CONFIGURATION.get(result.status, "")


def _is_of_organisation(answer: Answer, operation_id: str) -> bool:
    known = OPERATIONS.get(operation_id)
    return (known is not None and known.names_only_organisation) or ORGANISATION.search(answer.message) is not None


def _in_doubt(words: str) -> Verdict:
    return Unknown(reason=f"{words}; it may have been carried out")


def _probe_later(words: str, case: Case) -> Verdict:
    at = case.now + timedelta(seconds=case.policy.configuration_s)
    return Retry(at=at, reason=words, counts=False)


def _back_off(words: str, case: Case, *, in_doubt: bool) -> Verdict:
    tried_s = (case.now - (case.delivery.waiting_since or case.now)).total_seconds()
    if tried_s >= case.policy.give_up_s:
        return Dead(reason=f"given up after {case.policy.give_up_s / 3600:g} h: {words}")
    return Retry(at=case.now + _pause(case), reason=words, in_doubt=in_doubt)


def _pause(case: Case) -> timedelta:
    """Exponential, capped, with full jitter."""
    longest_s = min(case.policy.cap_s, case.policy.base_s * 2 ** min(case.delivery.attempts, 30))
    return timedelta(seconds=longest_s * case.luck)


class TroubleKind(StrEnum):
    CONFIGURATION = "configuration"
    OUTAGE = "outage"
    LIMIT = "limit"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What a result means for the deliveries after it."""

    kind: TroubleKind
    reason: str
    whole: bool
    """Whether all of the API is meant, and not only the category of the operation."""
    until: datetime | None = None
    """Until when the API asked us to wait."""


def trouble_of(result: Result, now: datetime, *, operation_id: str) -> Trouble | None:
    """What came of this operation; None where only this delivery is concerned, or nothing is wrong."""
    if isinstance(result, TokenRefused):
        return Trouble(kind=TroubleKind.CONFIGURATION, reason=str(result), whole=True)
    words = _words(result) if isinstance(result, Answer) else str(result)
    if hint := _misconfigured(result, operation_id):
        return Trouble(kind=TroubleKind.CONFIGURATION, reason=f"{words}; {hint}", whole=True)
    if isinstance(result, Unreachable):
        return Trouble(kind=TroubleKind.OUTAGE, reason=words, whole=result.operation == SIGN_IN)
    asked_for = retry_after(result, now)
    if _asks_to_wait(result, asked_for):
        return Trouble(kind=TroubleKind.LIMIT, reason=words, whole=False, until=asked_for)
    if result.status in TEMPORARY - NOT_BEGUN:
        return Trouble(kind=TroubleKind.OUTAGE, reason=words, whole=False)
    return None


def is_about_contents(result: object) -> bool:
    """Whether a batch was refused for what is in it, or for its size: then it is worth taking apart."""
    return isinstance(result, Answer) and result.status in ABOUT_CONTENTS
