"""A CRM's answer -> the record, without what must not be kept; and an event's own words over it."""

from collections.abc import Collection, Mapping, Sequence

from bridge.errors import ExpressionError
from bridge.expressions import Template, as_data, as_text
from bridge.model import Event, Json
from bridge.sources.fetch import Batch
from bridge.sources.redact import MASK


def single(template: Template, body: Json, hidden: Collection[str]) -> dict[str, Json]:
    """ExpressionError where the answer is not what the mapping says."""
    return _record("fetch.record", template({"body": body}), hidden)


def several(batch: Batch, body: Json, hidden: Collection[str]) -> dict[str, dict[str, Json]]:
    """The records of an answer by their ids; ExpressionError as above."""
    items = batch.records({"body": body})
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise ExpressionError(f"fetch.batch.records: {batch.records.text} is no list")
    return {
        as_text(batch.id({"item": item})): _record("fetch.batch.record", batch.record({"item": item}), hidden)
        for item in items
    }


def _record(where: str, value: Json, hidden: Collection[str]) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        raise ExpressionError(f"{where}: what it gives is no map of fields; point it at the record in the answer")
    found: dict[str, Json] = _masked(as_data(value), hidden)
    return found


def _masked(value: Json, hidden: Collection[str]) -> Json:
    if isinstance(value, dict):
        return {name: MASK if name in hidden else _masked(inner, hidden) for name, inner in value.items()}
    return [_masked(inner, hidden) for inner in value] if isinstance(value, list) else value


def merged(event: Event, read: Mapping[str, Json]) -> dict[str, Json]:
    """The record as the CRM has it, but for what the event itself says to have changed.

    A later change of the same field has an event of its own, and its turn comes after this one.
    """
    own = {name: event.record[name] for name in event.changed if name in event.record}
    return {**event.record, **read, **own}
