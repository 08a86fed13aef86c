"""Names in a body to ids: `{"id_of": "Hot leads", "by": "campaign.listLists"}`, wherever an id stands.

With `params` for a look-up that needs some, and `"as": "code"` for the code in place of the id.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bridge.alvaria.schemas import takes
from bridge.model import Json

NAMED = frozenset({"id_of", "by"})
MORE = frozenset({"as", "params"})


def is_named(value: Any) -> bool:
    """Whether it is a name that stands for an id."""
    return isinstance(value, dict) and value.keys() - MORE == NAMED


IdOf: TypeAlias = Callable[[Json, Mapping[str, Json]], Json]
"""The id of what is named, as the schema of its place wants it."""


def with_ids(operation_id: str, body: Json, id_of: IdOf) -> Json:
    """The body with an id for each name."""
    return _with_ids(body, takes(operation_id).body or {}, id_of)


def _with_ids(value: Json, schema: Mapping[str, Json], id_of: IdOf) -> Json:
    if is_named(value):
        return id_of(value, schema)
    if isinstance(value, dict):
        members = schema.get("properties", {})
        return {name: _with_ids(one, members.get(name, {}), id_of) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_ids(one, schema.get("items", {}), id_of) for one in value]
    return value


UNDOTTED = "^[^.]+$"


def fitting(found: Json, schema: Mapping[str, Json]) -> Json:
    """An id as this place wants it.

    Campaign API v3.0.0, callbacks: of a work type's id only what follows the dot.
    """
    if schema.get("type") == "integer":
        return int(found)
    text = str(found)
    if schema.get("pattern") == UNDOTTED:
        text = text.rpartition(".")[2]
    return text if schema.get("type") == "string" else found
