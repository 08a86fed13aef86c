"""The newest known value of each remembered field, whatever the order in which events arrive."""

from collections.abc import Mapping as Map
from datetime import datetime
from typing import Any, TypeAlias

from bridge.model import Event, Json, Record

Fields: TypeAlias = dict[str, tuple[Json, datetime]]


def remembered(event: Event, known: Record | None, names: tuple[str, ...], changed_at: datetime) -> Fields:
    """What is kept after this event. Of two values from the same moment the one that comes later stays.

    A name that the source no longer asks to remember is dropped.
    """
    kept = known.fields if known else {}
    fields = {name: kept[name] for name in names if name in kept}
    for name in names:
        if name in event.record and (name not in fields or changed_at >= fields[name][1]):
            fields[name] = (event.record[name], changed_at)
    return fields


def merged(event: Event, fields: Fields) -> Map[str, Any]:
    """`record` as rules see it: the event's own members, and for remembered ones the newest value."""
    return {**event.record, **{name: value for name, (value, _) in fields.items()}}
