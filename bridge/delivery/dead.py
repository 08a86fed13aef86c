"""Dead deliveries by what killed them; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bridge.delivery.batch import fingerprint
from bridge.outbox.queries import Dead


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One rule, one operation, one kind of refusal."""

    source: str
    rule: str
    operation: str
    cause: str
    """The words without what differs from one delivery to the next."""
    deliveries: int
    newest: datetime
    example: int


def by_cause(found: Iterable[Dead]) -> list[Cause]:
    """The most frequent first."""
    causes: dict[tuple[str, str, str, str], Cause] = {}
    for one in found:
        key = (one.source, one.rule, one.operation, fingerprint(one.reason))
        causes[key] = _with(causes.get(key), one, key[-1])
    return sorted(causes.values(), key=lambda cause: (-cause.deliveries, cause.example))


def _with(before: Cause | None, one: Dead, words: str) -> Cause:
    return Cause(
        source=one.source,
        rule=one.rule,
        operation=one.operation,
        cause=words,
        deliveries=one.number + (before.deliveries if before else 0),
        newest=max(one.newest, before.newest) if before else one.newest,
        example=max(one.example, before.example) if before else one.example,
    )
