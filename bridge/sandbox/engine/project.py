"""A whole object -> what a schema shows of it."""

from collections.abc import Iterator

from bridge.sandbox.messages import Json

SAME_TIME = {"lastModifiedDate": "lastModifiedTime", "lastUpdatedDate": "lastModifiedTime"}
"""What the documents call otherwise in some answers."""


def projected(schema: Json, value: Json) -> Json:
    """The members that the schema declares and the value has, in the schema's order."""
    if isinstance(value, list):
        known = dict(properties(schema.get("items", {})))
        return [_members(known, each) for each in value]
    return _members(dict(properties(schema)), value)


def _members(known: dict[str, Json], value: Json) -> Json:
    if not isinstance(value, dict) or not known:
        return value
    shown = {}
    for name, schema in known.items():
        source = name if name in value else SAME_TIME.get(name, name)
        if source in value:
            inner = value[source]
            shown[name] = projected(schema, inner) if isinstance(inner, dict | list) else inner
    return shown


def properties(schema: Json) -> Iterator[tuple[str, Json]]:
    for part in schema.get("allOf", ()):
        yield from properties(part)
    yield from schema.get("properties", {}).items()
