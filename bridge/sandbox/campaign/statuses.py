"""May this record be contacted? Exclusions, attempt trackers and calling times, in the order of the exclusion types.

Campaign API v2, ExclusionStatuses. Trackers and calling times are set up in the vendor's console, which no API reaches:
the sandbox has the trackers below, and no calling times unless `campaign.callingTimes` brings some.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.sandbox.campaign import attempts, calling_times
from bridge.sandbox.campaign.exclusions import COLLECTION, has_ended
from bridge.sandbox.campaign.store import digits, held, label
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Reply
from bridge.sandbox.state import State

DO_NOT_CONTACT, DO_CONTACT = 0, 1
CAN_PLAY, CAN_PLAY_UNDER_CONDITIONS = 0, 2
ALL_LISTS = ("", "ALL")

ADDRESSES = {"accountNumber": 0, "phoneNumber": 1, "email": 2, "sms": 3, "ssn": 4}
"""Query parameter -> contactType, which is the exclusionType as well."""
PHONES = (1, 3)
SHOWN = {"accountNumber": "account", "phoneNumber": "phone", "email": "email", "sms": "sms", "ssn": "ssn"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    result: int
    exclusion_type: int = 0
    tracker_s: int = 0
    recall_s: int = 0
    since: datetime | None = None


def read(state: State, ask: Ask) -> Reply:
    """A collection of one. Nothing is counted until the attempt is reported."""
    asked = {name: value for name, value in ask.given.items() if value not in (None, "")}
    verdict = judge(state, asked, state.now())
    item = {
        "kind": "via#exclusionStatus",
        **{shown: asked[name] for name, shown in SHOWN.items() if name in asked},
        "contactListName": ask.given.get("contactList", "ALL"),
        "result": verdict.result,
        "exclusionType": verdict.exclusion_type,
        "customer": asked.get("customer", ""),
        "expirationTimeForAttemptTracker": verdict.tracker_s,
        "nextValidRecallTime": verdict.recall_s,
        "playMessageType": _play_message_type(state, asked.get("purpose")),
        **({"exclusionStartTime": iso(verdict.since)} if verdict.since else {}),
        "key": _key(state, asked, verdict),
    }
    kind = "via#exclusionStatusCollection"
    return Reply(body={"kind": kind, "accountControlQueryItems": [item], "totalItems": 1, "lastIndexReturned": 1})


def judge(state: State, asked: Mapping[str, Json], now: datetime) -> Verdict:
    """By the first rule that forbids contact, if one does."""
    return next(_forbidden(state, asked, now), Verdict(result=DO_CONTACT))


def _forbidden(state: State, asked: Mapping[str, Json], now: datetime) -> Iterator[Verdict]:
    yield from _excluded(state, asked, now)
    if is_tracked(asked):
        yield from _tracked(state, asked, now)
    for kind, opens_at in calling_times.closed(state, asked, now):
        yield Verdict(result=DO_NOT_CONTACT, exclusion_type=kind, recall_s=_seconds(opens_at - now))


def _excluded(state: State, asked: Mapping[str, Json], now: datetime) -> Iterator[Verdict]:
    for name, contact_type in ADDRESSES.items():
        for exclusion in held(state, COLLECTION).values():
            if name in asked and applies(exclusion, contact_type, asked[name], asked.get("contactList", "ALL"), now):
                yield Verdict(result=DO_NOT_CONTACT, exclusion_type=contact_type, since=_starts_at(exclusion))


def applies(exclusion: Json, contact_type: int, address: str, contact_list: str, now: datetime) -> bool:
    """One for a single list does not hold where another list, or none, is asked about."""
    return (
        exclusion.get("contactType", 0) == contact_type
        and _same(contact_type, exclusion.get("contactAddress", ""), address)
        and exclusion.get("contactListName", "") in (*ALL_LISTS, contact_list)
        and _runs(exclusion, now)
    )


def _same(contact_type: int, one: str, other: str) -> bool:
    """Phone numbers by their digits; all else letter by letter, as everything in this API is case-sensitive."""
    if contact_type in PHONES and digits(one):
        return digits(one) == digits(other)
    return one == other


def _runs(exclusion: Json, now: datetime) -> bool:
    return _starts_at(exclusion) <= now and not has_ended(exclusion, now)


def _starts_at(exclusion: Json) -> datetime:
    return moment("startTime", exclusion["startTime"])


def is_tracked(asked: Mapping[str, Json]) -> bool:
    """With an e-mail address or an SMS number the trackers are not asked."""
    return "email" not in asked and "sms" not in asked


def _tracked(state: State, asked: Mapping[str, Json], now: datetime) -> Iterator[Verdict]:
    for kind, opens_at, filled_at in attempts.full(state, asked, now):
        wait_s = _seconds(opens_at - now)
        yield Verdict(result=DO_NOT_CONTACT, exclusion_type=kind, tracker_s=wait_s, since=filled_at)


def _seconds(wait: timedelta) -> int:
    """Rounded up: one second too early would be forbidden still."""
    return -int(-wait.total_seconds() // 1)


def _play_message_type(state: State, purpose: str | None) -> int:
    telemarketing = {
        label(one.get("friendlyName", ""))
        for one in held(state, "purposes").values()
        if one.get("purposeType") == "Telemarketing"
    }
    return CAN_PLAY_UNDER_CONDITIONS if purpose in telemarketing else CAN_PLAY


def _key(state: State, asked: Mapping[str, Json], verdict: Verdict) -> str:
    """Empty where no report is due: contact is forbidden, or no tracker would count it."""
    if verdict.result != DO_CONTACT or not is_tracked(asked):
        return ""
    trackers = attempts.concerned(asked)
    stamp = int(state.now().timestamp() * 1_000_000) * 1000
    return f"{trackers[0]}#{len(trackers)}#{stamp}" if trackers else ""
