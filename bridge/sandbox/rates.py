"""How many requests an x-api-key may make for a category of endpoints within a fixed window.

Every request counts, refused ones too, but for the ones refused with 429. The developer's guide v3.0, Rate Limiting,
lost the names of its headers: X-RateLimit-Limit, -Remaining and -Reset (seconds until the window ends) are ours.
"""

import math
from dataclasses import dataclass

from bridge.sandbox.messages import Refusal
from bridge.sandbox.state import State, Window


@dataclass(frozen=True, kw_only=True)
class Count:
    limit: int
    remaining: int
    reset_s: int
    within: bool
    """False where this request is one too many."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_s),
        }


def count(state: State, category: str, key: str) -> Count:
    """Count one request in."""
    limit, now = state.rate_limit.limit, state.now().timestamp()
    window = _window(state, category, key, now)
    within = window.used < limit
    used = window.used + within
    state.windows[category, key] = Window(ends_at=window.ends_at, used=used)
    # Rounded first: a time stamp's last digits would make two seconds of one.
    reset_s = max(1, math.ceil(round(window.ends_at - now, 3)))
    return Count(limit=limit, remaining=max(0, limit - used), reset_s=reset_s, within=within)


def _window(state: State, category: str, key: str, now: float) -> Window:
    running = state.windows.get((category, key))
    if running and running.ends_at > now:
        return running
    # Any text can come as a key, so what is over is thrown away as a new window begins.
    state.windows = {name: window for name, window in state.windows.items() if window.ends_at > now}
    return Window(ends_at=now + state.rate_limit.window_s, used=0)


def refuse_too_many(count: Count) -> None:
    if not count.within:
        raise Refusal(429, "Too many requests; wait for Retry-After", headers={"Retry-After": str(count.reset_s)})
