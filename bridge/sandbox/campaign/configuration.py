"""What export and import jobs move: the named objects of the sandbox, by their kinds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge.sandbox.campaign.store import held, label
from bridge.sandbox.engine import plain
from bridge.sandbox.messages import Ask, Json, Reply
from bridge.sandbox.state import State


@dataclass(frozen=True, kw_only=True)
class Kind:
    object_type: str
    """As requests name it."""
    group: str
    """As exportable and importable items, and conflicts, name it."""
    collection: str
    name: str
    description: str = ""


KINDS = (
    Kind(object_type="STRATEGY", group="Strategies", collection="strategies", name="name", description="description"),
    Kind(
        object_type="LISTDEFINITIONS",
        group="ListDefinitions",
        collection="lists",
        name="name",
        description="description",
    ),
    Kind(
        object_type="FILTERS",
        group="Filters",
        collection="filters",
        name="filterName",
        description="filterDescription",
    ),
    Kind(
        object_type="SCHEMADEFINITIONS",
        group="SchemaDefinitions",
        collection="schemaDefinitions",
        name="schemaName",
        description="schemaDescription",
    ),
    Kind(object_type="DISPOSITIONS", group="Dispositions", collection="dispositions", name="friendlyName"),
    Kind(object_type="GEOCODETEMPLATE", group="GeocodeTemplates", collection="geocodeTemplates", name="friendlyName"),
)
"""Of the documented object types, the ones that the API shows anything of."""


def list_exportable(state: State, ask: Ask) -> Reply:
    groups = [
        {"exportableObjects": _items(state, kind, names(state, kind)), "exportableObjectGroup": kind.group}
        for kind in KINDS
    ]
    return plain.page(state, ask, groups)


def list_importable(state: State, ask: Ask) -> Reply:
    """What an export has put into the named file. Any other counts as uploaded, and has all that can be exported."""
    contents = _contents(state, ask.given["fileName"])
    groups = [
        {"objects": _items(state, kind, contents[kind.object_type]), "objectGroup": kind.group}
        for kind in KINDS
        if contents.get(kind.object_type)
    ]
    return plain.page(state, ask, groups)


def _contents(state: State, file_name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for job in held(state, "jobs").values():
        if job.get("fileName", "").removesuffix(".zip") == file_name.removesuffix(".zip"):
            exported = job.get("request", {}).get("objectsToExport", ())
            found |= {one["objectType"]: one["objectNames"] for one in exported}
    return found or {kind.object_type: names(state, kind) for kind in KINDS}


def names(state: State, kind: Kind) -> list[str]:
    return [label(one.get(kind.name, "")) for one in held(state, kind.collection).values()]


def _items(state: State, kind: Kind, wanted: Iterable[str]) -> list[Json]:
    by_name = {label(one.get(kind.name, "")): one for one in held(state, kind.collection).values()}
    return [_item(state, kind, name, by_name.get(name, {})) for name in wanted]


def _item(state: State, kind: Kind, name: str, one: Json) -> Json:
    related = RELATED.get(kind.object_type)
    object_type, others = related(state, one) if related else ("", [])
    return {
        "objectName": name,
        "objectDescription": one.get(kind.description, ""),
        # The names are one text, with commas between.
        "relatedItems": [{"objectType": object_type, "objectNames": ", ".join(others)}] if others else [],
    }


def _lists_of(state: State, strategy: Json) -> tuple[str, list[str]]:
    lists = held(state, "lists").values()
    return "LISTDEFINITIONS", [one["name"] for one in lists if strategy and one.get("strategy") == strategy.get("name")]


def _filter_of(state: State, contact_list: Json) -> tuple[str, list[str]]:
    name = contact_list.get("filterName")
    return "FILTERS", [name] if name else []


def _schema_of(state: State, one: Json) -> tuple[str, list[str]]:
    schema = held(state, "schemaDefinitions").get(one.get("schemaId", ""))
    return "SCHEMADEFINITIONS", [schema["schemaName"]] if schema else []


RELATED: dict[str, Callable[[State, Json], tuple[str, list[str]]]] = {
    "STRATEGY": _lists_of,
    "LISTDEFINITIONS": _filter_of,
    "FILTERS": _schema_of,
}
"""Object type -> what an object of it is tied to: their type and names."""
