"""Query parameters -> the items that they let through. Filters of different names narrow each other."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from bridge.sandbox.members import moment
from bridge.sandbox.messages import Ask, Json

Fits: TypeAlias = Callable[[list[Json], Json], bool]
"""(the item's values of the property, what is asked for) -> whether it is let through."""


def narrowed(ask: Ask, items: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    """Those that pass every filter that the request has."""
    asked = [
        (FITS[parameter.filter["as"]], parameter.filter["property"], ask.given[parameter.name])
        for parameter in ask.told.parameters
        if parameter.filter and parameter.name in ask.given
    ]
    return [item for item in items if all(fits(list(values(item, path)), wanted) for fits, path, wanted in asked)]


def values(item: Json, path: str) -> Iterator[Json]:
    """All values at a dotted path; a list on the way means each of its elements."""
    if isinstance(item, list):
        for each in item:
            yield from values(each, path)
    elif not path:
        yield item
    elif isinstance(item, dict):
        name, _, rest = path.partition(".")
        if name in item:
            yield from values(item[name], rest)


def text(value: Json) -> str:
    """As a query writes it: the same thing is a number in one place and a text in another."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equals(found: list[Json], wanted: Json) -> bool:
    return any(text(value) == text(wanted) for value in found)


def _one_of(found: list[Json], wanted: Json) -> bool:
    return any(_equals(found, each) for each in wanted)


def _contains(found: list[Json], wanted: Json) -> bool:
    return any(text(wanted) in text(value) for value in found)


def _from(found: list[Json], wanted: Json) -> bool:
    return any(moment("", value) >= moment("", wanted) for value in found if value)


def _to(found: list[Json], wanted: Json) -> bool:
    return any(moment("", value) <= moment("", wanted) for value in found if value)


def _include_inactive(found: list[Json], wanted: Json) -> bool:
    """What does not say whether it is active is."""
    return bool(wanted) or False not in found


FITS: dict[str, Fits] = {
    "equals": _equals,
    "flag": _equals,
    "oneOf": _one_of,
    "contains": _contains,
    "from": _from,
    "to": _to,
    "includeInactive": _include_inactive,
}
