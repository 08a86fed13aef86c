"""One body -> the items in it that are an event each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.errors import Unreadable
from bridge.model import Json
from bridge.sources.parse import member
from bridge.sources.source import Reading


@dataclass(frozen=True, kw_only=True)
class Item:
    """The part of the body that is one event."""

    data: Json
    own: Mapping[str, Json] = field(default_factory=dict)
    """`each`: its entry of a list that was fanned out."""
    problem: str | None = None


def split(body: Json, reading: Reading) -> Iterator[Item]:
    """Raise Unreadable where there is no list of events; what is wrong with one item is that item's problem."""
    for found in _listed(body, reading):
        data = _inheriting(found, body, reading)
        if reading.fan_out and isinstance(data, dict):
            yield from _fanned_out(data, reading)
        else:
            yield Item(data=data, problem=None if isinstance(data, dict) else "the event is not an object")


def _listed(body: Json, reading: Reading) -> list[Json]:
    """The list of events; one alone need not stand in a list."""
    found = member(body, reading.events)
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    where = ".".join(reading.events) or "the body"
    raise Unreadable(f"{where} is neither an object nor a list of them")


def _inheriting(item: Json, body: Json, reading: Reading) -> Json:
    if not isinstance(item, dict) or not isinstance(body, dict):
        return item
    return {name: body[name] for name in reading.inherit if name in body} | item


def _fanned_out(data: dict[str, Json], reading: Reading) -> Iterator[Item]:
    """Of the list each event keeps only its own entry: else a thousand events would keep the thousand."""
    try:
        found = member(data, reading.fan_out)
    except Unreadable as error:
        yield Item(data=data, problem=str(error))
        return
    for each in found if isinstance(found, list) else [found]:
        yield Item(data=_with(data, reading.fan_out, [each]), own={"each": each})


def _with(data: dict[str, Json], path: tuple[str, ...], value: Json) -> dict[str, Json]:
    """The same maps with another value at the path."""
    name, *rest = path
    return {**data, name: _with(data[name], tuple(rest), value) if rest else value}
