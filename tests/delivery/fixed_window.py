"""An API with a fixed window, and workers that never run out of work, in a time of their own."""

import heapq
import math
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.alvaria.limit_headers import read_limits
from bridge.delivery.budget import Budget, Rate, Wait, block, learn, take
from bridge.model import Answer
from tests.words import NOON


@dataclass(kw_only=True)
class Api:
    limit: int
    window_s: float
    aligned: bool = False
    """Windows follow one another by the clock; otherwise one begins with the first request after the last one."""
    ends_at: float = 0.0
    used: int = 0
    windows: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)

    def request(self, at: float) -> dict[str, str]:
        if at >= self.ends_at:
            begins = math.floor(at / self.window_s) * self.window_s if self.aligned else at
            self.ends_at, self.used, self.windows = begins + self.window_s, 0, self.windows + 1
        within = self.used < self.limit
        self.used += within
        if within:
            self.accepted.append(at)
        else:
            self.refused[self.windows] += 1
        reset_s = max(1, math.ceil(round(self.ends_at - at, 3)))
        seen = {"limit": self.limit, "remaining": self.limit - self.used, "reset": reset_s}
        return {f"X-RateLimit-{name}": str(number) for name, number in seen.items()} | (
            {} if within else {"Retry-After": str(reset_s)}
        )


@dataclass(kw_only=True)
class World:
    """Each worker takes, sends and learns; the way there and the way back take a part of the latency each."""

    api: Api
    workers: int
    latency_s: tuple[float, float]
    configured: Rate | None = None
    seed: int = 0
    budget: Budget = field(default_factory=lambda: Budget(name="campaign"))

    def run(self, until_s: float) -> None:
        luck = random.Random(self.seed)  # noqa: S311 (a simulation's)
        steps: list[tuple[float, int, str, float, dict[str, str]]] = []
        for worker in range(self.workers):
            heapq.heappush(steps, (luck.random() * 1e-3, worker, "take", 0.0, {}))
        while steps and steps[0][0] < until_s:
            at, worker, step, sent, headers = heapq.heappop(steps)
            heapq.heappush(steps, self._step(luck, at, worker, step, sent, headers))

    def _step(
        self, luck: random.Random, at: float, worker: int, step: str, sent: float, headers: dict[str, str]
    ) -> tuple[float, int, str, float, dict[str, str]]:
        way = luck.uniform(*self.latency_s) / 2
        match step:
            case "take":
                found = take(self.budget, configured=self.configured, now=moment(at))
                if isinstance(found, Wait):
                    return seconds(found.until) + 1e-6, worker, "take", 0.0, {}
                self.budget = found
                return at + way, worker, "arrive", at, {}
            case "arrive":
                return at + way, worker, "answer", sent, self.api.request(at)
        self._answer(at, sent, headers)
        return at, worker, "take", 0.0, {}

    def _answer(self, at: float, sent: float, headers: dict[str, str]) -> None:
        seen = read_limits(Answer(status=200, headers=headers), moment(at))
        self.budget = learn(self.budget, seen, sent_at=moment(sent), now=moment(at))
        if "Retry-After" in headers:
            self.budget = block(self.budget, moment(at + float(headers["Retry-After"])), "status 429")


def moment(at: float) -> datetime:
    return NOON + timedelta(seconds=at)


def seconds(when: datetime) -> float:
    return (when - NOON).total_seconds()
