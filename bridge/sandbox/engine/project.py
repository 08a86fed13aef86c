"""A whole object -> what a schema shows of it."""

from collections.abc import Iterator

from bridge.sandbox.messages import Json

SAME_TIME = {"lastModifiedDate": "lastModifiedTime", "lastUpdatedDate": "lastModifiedTime"}
"""What the documents call otherwise in some answers."""


def projected(schema: Json, value: Json) -> Json:
    """The members that the schema declares and the value has, in the schema's order."""
    if isinstance(value, list):
        return [projected(schema.get("items", {}), each) for each in value]
    known = dict(properties(schema))
    if not isinstance(value, dict) or not known:
        return value
    named = {name: name if name in value else SAME_TIME.get(name, name) for name in known}
    return {name: projected(known[name], value[source]) for name, source in named.items() if source in value}


def properties(schema: Json) -> Iterator[tuple[str, Json]]:
    for part in schema.get("allOf", ()):
        yield from properties(part)
    yield from schema.get("properties", {}).items()
