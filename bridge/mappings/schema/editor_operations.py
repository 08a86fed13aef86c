"""The operations that a mapping may name -> JSON Schema, so that editors complete their parameters and members."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from bridge.alvaria.operations import OPERATIONS
from bridge.alvaria.schemas import Takes, takes
from bridge.mappings.schema.operation_checks import WRITING

Json: TypeAlias = dict[str, Any]

COMPUTED = {"type": "string", "pattern": r"\{\{"}
NAME = {
    "description": "What is called so at Alvaria: its id is looked up when the request is sent.",
    "type": "object",
    "properties": {
        "id_of": {"type": ["string", "integer"], "description": "Its name at Alvaria."},
        "by": {"enum": [name for name, one in OPERATIONS.items() if one.looks_up()]},
        "params": {"type": "object", "description": "What the look-up itself needs."},
        "as": {"const": "code", "description": "Its code in place of its id."},
    },
    "required": ["id_of", "by"],
    "additionalProperties": False,
}
NAMED = {"$ref": "#/$defs/name"}
KEPT = ("type", "enum", "description", "pattern", "minLength", "maxLength", "minItems", "maxItems")
"""What an editor can make use of."""


def operations_schema() -> Json:
    """Which operations there are, and what each takes."""
    known = [{"const": name, "description": one.summary} for name, one in WRITING.items()]
    each = [{"if": {"properties": {"id": {"const": name}}}, "then": _request(takes(name))} for name in WRITING]
    return {"allOf": [{"properties": {"id": {"anyOf": known}}}, *each]}


def _request(wanted: Takes) -> Json:
    params = {name: _param(schema) for name, schema in wanted.params.items()}
    shape: Json = {"properties": {"params": _map(params, sorted(wanted.required))}}
    if wanted.body:
        shape["properties"]["body"] = _value(wanted.body)
    needed = [name for name, is_needed in (("params", wanted.required), ("body", wanted.needs_body)) if is_needed]
    return {**shape, "required": needed}


def _param(schema: Mapping[str, Any]) -> Json:
    return {"anyOf": [{"type": ["string", "number", "boolean"]}, NAMED], "description": schema.get("description", "")}


def _value(schema: Mapping[str, Any]) -> Json:
    """As it is written out, or computed, or found by its name."""
    if "oneOf" in schema:
        return {"anyOf": [_value(one) for one in schema["oneOf"]]}
    if schema["type"] == "object":
        members = {name: _value(one) for name, one in schema.get("properties", {}).items()}
        return {"anyOf": [_map(members, schema.get("required", [])), COMPUTED]}
    plain = {name: schema[name] for name in KEPT if name in schema}
    if schema["type"] == "array":
        return {"anyOf": [plain | {"items": _value(schema["items"])}, COMPUTED]}
    return {"anyOf": [plain, COMPUTED, NAMED]}


def _map(members: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}
