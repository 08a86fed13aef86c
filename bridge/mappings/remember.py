"""The newest known value of each remembered thing, whatever the order in which events arrive."""

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Mapping as Map
from typing import Any, TypeAlias, TypeVar

from bridge.model import Event, Json, Record, Stamp

Name = TypeVar("Name", bound=Hashable)
Value = TypeVar("Value")
Fields: TypeAlias = dict[str, tuple[Json, Stamp]]


def remembered(event: Event, known: Record | None, names: tuple[str, ...], at: Stamp) -> Fields:
    """What is kept after this event. A name that the source no longer asks to remember is dropped."""
    said = {name: event.record[name] for name in names if name in event.record}
    return learned(known.fields if known else {}, said, names, at)


def learned(
    known: Map[Name, tuple[Value, Stamp]], said: Map[Name, Value], names: Iterable[Name], at: Stamp
) -> dict[Name, tuple[Value, Stamp]]:
    """Of these names the newest values. Of two from the same moment the one that comes later stays."""
    kept = {name: known[name] for name in names if name in known}
    for name, value in said.items():
        if name not in kept or at >= kept[name][1]:
            kept[name] = (value, at)
    return kept


def merged(event: Event, fields: Fields) -> Map[str, Any]:
    """`record` as rules see it: the event's own members, and for remembered ones the newest value."""
    return {**event.record, **{name: value for name, (value, _) in fields.items()}} if fields else event.record


def joined(event: Event, known: Record | None, others: Sequence[Record]) -> Record | None:
    """One record of several that the CRM has merged: of each thing the newest, whoever had it."""
    if not others:
        return known
    # The id of a record that has ended is nobody's id any more.
    ended = {other.record_id for other in others}
    all_of = [*others, *([known] if known else [])]
    ids = [{place: kept for place, kept in one.ids.items() if kept[0] not in ended} for one in all_of]
    return Record(
        source=event.source,
        record_id=event.record_id,
        ids=_newest(ids),
        fields=_newest([one.fields for one in all_of]),
        forgotten=known.forgotten if known else None,
    )


def _newest(several: Iterable[Map[Name, tuple[Value, Stamp]]]) -> dict[Name, tuple[Value, Stamp]]:
    found: dict[Name, tuple[Value, Stamp]] = {}
    for one in several:
        for name, (value, at) in one.items():
            if name not in found or at >= found[name][1]:
                found[name] = (value, at)
    return found
