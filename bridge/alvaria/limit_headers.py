"""What an answer's headers say about limits and moments, whichever family of names they use; garbage says nothing."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bridge.model import Answer

LONGEST_WAIT = timedelta(days=1)
"""Who asks for more is mistaken; we ask again the next day."""

# Developer's Guide v3.0, Rate Limiting: the headers' names are not given, so all usual families are read.
FAMILIES = ("x-ratelimit", "ratelimit", "x-rate-limit")
MOST_TEXT = 1_000
COUNT = re.compile(r"\s*([0-9]{1,9})(?![0-9.])")
MEMBER = re.compile(r'\s*("[^"]*"|[\w*.:/-]+)\s*((?:;[^,;"]*(?:"[^"]*")?)*)')
"""One of a list: `"default";q=100;w=60`, or `100;w=60` of an older draft."""
PARAMETER = re.compile(r"\b([a-z]+)\s*=\s*([0-9.]{1,15})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LimitSeen:
    """How it stood with the rate limit when the answer was made; None for what was not said."""

    limit: int | None = None
    """Requests in a window."""
    remaining: int | None = None
    resets_at: datetime | None = None
    window_s: float | None = None


def read_limits(answer: Answer, now: datetime) -> LimitSeen | None:
    """The tightest of the limits that the answer tells of; None where it tells of none."""
    headers = {name.lower(): value.strip()[:MOST_TEXT] for name, value in answer.headers.items()}
    found = [*_families(headers, now), *_structured(headers, now), *_listed(headers, now)]
    return min((seen for seen in found if seen != LimitSeen()), key=_room, default=None)


def _room(seen: LimitSeen) -> float:
    return math.inf if seen.remaining is None else seen.remaining


def _families(headers: Mapping[str, str], now: datetime) -> Iterator[LimitSeen]:
    """`X-RateLimit-Limit: 100`, also with its policies behind it: `100, 100;w=60`."""
    for family in FAMILIES:
        limit = headers.get(f"{family}-limit")
        yield LimitSeen(
            limit=_limit(limit),
            remaining=_count(headers.get(f"{family}-remaining")),
            resets_at=read_moment(headers.get(f"{family}-reset"), now),
            window_s=_seconds(_parameters(limit).get("w")),
        )


def _structured(headers: Mapping[str, str], now: datetime) -> Iterator[LimitSeen]:
    """`RateLimit: "default";r=50;t=30` and `RateLimit-Policy: "default";q=100;w=60`, a member for each limit."""
    left, policies = _members(headers.get("ratelimit")), _members(headers.get("ratelimit-policy"))
    for name in {**policies, **left}:
        policy, state = policies.get(name, {}), left.get(name, {})
        yield LimitSeen(
            limit=_limit(policy.get("q", name if "w" in policy else None)),
            remaining=_count(state.get("r")),
            resets_at=read_moment(state.get("t"), now),
            window_s=_seconds(policy.get("w")),
        )


def _listed(headers: Mapping[str, str], now: datetime) -> Iterator[LimitSeen]:
    """`RateLimit: limit=100, remaining=50, reset=5`, as an older draft has it."""
    found = _parameters(headers.get("ratelimit"))
    yield LimitSeen(
        limit=_limit(found.get("limit")),
        remaining=_count(found.get("remaining")),
        resets_at=read_moment(found.get("reset"), now),
    )


def _members(text: str | None) -> dict[str, dict[str, str]]:
    return {name.strip('"'): _parameters(rest) for name, rest in MEMBER.findall(text or "")}


def _parameters(text: str | None) -> dict[str, str]:
    return {name.lower(): value for name, value in PARAMETER.findall(text or "")}


def _count(text: str | None) -> int | None:
    found = COUNT.match(text or "")
    return int(found[1]) if found else None


def _limit(text: str | None) -> int | None:
    # A limit of nothing would be no API at all.
    return _count(text) or None


def _seconds(text: str | None) -> float | None:
    with suppress(TypeError, ValueError):
        seconds = float(text or "")
        return seconds if 0 < seconds <= LONGEST_WAIT.total_seconds() else None
    return None


def read_moment(text: str | None, now: datetime) -> datetime | None:
    """Seconds from now, seconds or milliseconds since 1970, or a date as HTTP writes it; None for anything else.

    Never before `now`, nor later than the longest wait.
    """
    if not text:
        return None
    moment = _moment(text, now)
    return moment and max(now, min(moment, now + LONGEST_WAIT))


def _moment(text: str, now: datetime) -> datetime | None:
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        return _from_number(float(text), now)
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None


def _from_number(number: float, now: datetime) -> datetime:
    # A wait of thirty years is a point in time.
    if number >= 1e12:
        number /= 1000
    if number >= 1e9:
        number -= now.timestamp()
    return now + timedelta(seconds=max(0.0, min(number, LONGEST_WAIT.total_seconds())))
