"""A mapping's own tests: each is translated and compared with all that it expects; pure."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from datetime import UTC, datetime
from typing import Any

from bridge.alvaria.limits import Limits
from bridge.errors import Problem
from bridge.expressions import as_text
from bridge.mappings.effects import EFFECTS, effects
from bridge.mappings.newest import stamp
from bridge.mappings.rules import Mapping, Trial
from bridge.mappings.translate import Past, translate
from bridge.model import CookieName, Event, Json, Record

ANY_TIME = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When a test takes place that does not say it."""


def run(mapping: Mapping, *, limits: Limits) -> list[Problem]:
    """A problem for each of the mapping's tests that fails. A `once` is not enforced: each test is the first."""
    return [
        _problem(mapping, index, trial, differences)
        for index, trial in enumerate(mapping.tests)
        if (differences := _differences(mapping, trial, limits))
    ]


def _problem(mapping: Mapping, index: int, trial: Trial, differences: list[str]) -> Problem:
    message = "\n    ".join([f"the test {trial.name!r} fails", *differences])
    return Problem(file=mapping.file, line=trial.line, path=f"tests[{index}]", message=message)


def _differences(mapping: Mapping, trial: Trial, limits: Limits) -> list[str]:
    event = _event(mapping, trial.given)
    translation = translate(
        mapping,
        event,
        past=Past(
            known=_known(event, trial.given),
            written=lambda: [_cookie(given) for given in trial.given.get("written", ())],
        ),
        now=trial.given.get("now", event.occurred_at),
        limits=limits,
    )
    got = effects(mapping, translation)
    return [line for name in EFFECTS for line in _compare(name, trial.expect.get(name, []), got[name])]


def _event(mapping: Mapping, given: Map[str, Json]) -> Event:
    event = given["event"]
    occurred_at = event.get("occurred_at", given.get("now", ANY_TIME))
    return Event(
        source=mapping.name,
        type=event["type"],
        record_id=event["record_id"],
        crm_id=event.get("id", "test"),
        dedup_key="test",
        occurred_at=occurred_at,
        received_at=occurred_at,
        tenant=event.get("tenant", ""),
        record=given.get("record", {}),
        previous=given.get("previous", {}),
        changed=given.get("changed", ()),
        body=given.get("body"),
        headers=given.get("headers", {}),
    )


def _known(event: Event, given: Map[str, Json]) -> Record | None:
    if "customers" not in given:
        return None
    ids = {place: (name, stamp(event, translation=0)) for place, name in enumerate(given["customers"])}
    return Record(source=event.source, record_id=event.record_id, ids=ids)


def _cookie(given: Map[str, str]) -> CookieName:
    return CookieName(
        customer=given["customerId"],
        key=given["key"],
        channel=given.get("channel", "all"),
        service=given.get("service", ""),
    )


def _compare(at: str, expected: Any, got: Any) -> Iterator[str]:
    """A map may say less than there is; a list says it all."""
    match expected, got:
        case dict(), dict():
            for name, one in expected.items():
                yield from _compare(f"{at}.{name}", one, got.get(name))
        case list(), list():
            yield from _compare_lists(at, expected, got)
        case _:
            if not AGREE.get(at.rpartition(".")[2], _equal)(expected, got):
                yield f"{at}: expected {_shown(expected)}, got {_shown(got)}"


def _compare_lists(at: str, expected: list[Any], got: list[Any]) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(expected, got, strict=False)):
        yield from _compare(f"{at}[{index}]", one, other)
    for index, one in enumerate(expected[len(got) :], start=len(got)):
        yield f"{at}[{index}]: expected {_shown(one)}, got nothing"
    for index, other in enumerate(got[len(expected) :], start=len(expected)):
        yield f"{at}[{index}]: expected nothing, got {_shown(other)}"


def _equal(expected: Any, got: Any) -> bool:
    """Content is text, so `71` and "71" are the same to a test."""
    return expected == got or (expected is not None and as_text(expected) == got)


def _contains(expected: Any, got: Any) -> bool:
    return isinstance(got, str) and str(expected) in got


AGREE: Map[str, Callable[[Any, Any], bool]] = {"reason": _contains}


def _shown(value: Any) -> str:
    return as_text([value])[1:-1]
