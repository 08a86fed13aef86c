"""Limits and the rate limit, as a person sets them and reads them back."""

from dataclasses import asdict, replace

from bridge.sandbox.members import Member, each, number, read, text
from bridge.sandbox.messages import Json
from bridge.sandbox.state import RateLimit, State

POSITIVE = number(least=1, whole=True)

LIMITS = {
    "content": Member(check=POSITIVE, default=None),
    "key": Member(check=POSITIVE, default=None),
    "settings": Member(check=POSITIVE, default=None),
    "results": Member(check=POSITIVE, default=None),
    "token_s": Member(check=POSITIVE, default=None),
    "channels": Member(check=each(text(least=1), least=1), default=None),
}
RATE_LIMIT = {
    "limit": Member(check=number(whole=True)),
    "window_s": Member(check=number(least=0.001)),
}


def set_limits(state: State, value: Json) -> None:
    """Those that are named; the others stay."""
    found = read(value, LIMITS)
    state.limits = replace(state.limits, **{name: limit for name, limit in found.items() if limit is not None})


def limits_object(state: State) -> Json:
    return {**asdict(state.limits), "channels": list(state.limits.channels)}


def set_rate_limit(state: State, value: Json) -> None:
    """Counting begins anew."""
    state.rate_limit = RateLimit(**read(value, RATE_LIMIT))
    state.windows = {}


def rate_limit_object(state: State) -> Json:
    return asdict(state.rate_limit)
