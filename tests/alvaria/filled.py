"""Values that a contract's schemas allow."""

from typing import Any

from bridge.alvaria.schema import A_MOMENT, Schemas


def filled(schemas: Schemas, schema: Any, name: str = "value") -> Any:
    """One with every member; a text says which member it is."""
    found = schemas.at(schema)
    if members := schemas.members(found):
        return {member: filled(schemas, inner, member) for member, inner in members.items()}
    if "enum" in found:
        return found["enum"][0]
    if found.get("format") == "date-time":
        return A_MOMENT
    if way := found.get("oneOf"):
        return filled(schemas, way[0], name)
    if found.get("type") == "array":
        return [filled(schemas, found["items"], name)]
    plain = {"integer": 7, "number": 7.5, "boolean": True, "object": {}}
    return plain.get(found.get("type", ""), f"the {name}"[: found.get("maxLength", 99)])
