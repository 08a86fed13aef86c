"""The shapes of mappings and layouts -> JSON Schema, so that editors complete keys and mark what is unknown.

An editor sees one file and computes nothing: what must fit together is for `bridge check`.
"""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any, TypeAlias

from marshmallow import Schema, fields
from marshmallow.validate import Length as Count

from bridge.duration import WRITTEN
from bridge.mappings.schema import fields as values
from bridge.mappings.schema.checks import ACTIONS
from bridge.mappings.schema.editor_operations import COMPUTED, NAME, operations_schema
from bridge.mappings.schema.layouts import LayoutShape, Pad
from bridge.mappings.schema.shapes import MappingShape, OperationShape, RuleShape
from bridge.sources.schema import strict
from bridge.sources.schema.checks import CHECKS, GROUPS, CheckField
from bridge.sources.schema.parts import ReplyField, ReplySchema
from bridge.sources.schema.places import KeyField, KeySchema, MessagePart
from bridge.sources.schema.source import WRITTEN_OUT, SecretText, SourceName, SourceSchema

Json: TypeAlias = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NOT_NULL = {"type": ["string", "number", "boolean", "array", "object"]}
CHECK = {"$ref": "#/$defs/check"}

WORDS: Mapping[str, str] = {
    "source": "Who sends, and how that is proved and read.",
    "defaults": "What every setting says unless it says otherwise.",
    "tables": "Named tables of a value for each key, for the filter lookup.",
    "customer": "The ids by which dialogs know the record: one expression, or a list.",
    "owns": "The keys whose value here counts, where another source or rule writes the same cookie.",
    "rules": "What becomes of an event; every rule whose `when` holds applies.",
    "tests": "The file's own tests; `bridge check` runs them.",
    "when": "Only where this expression is true.",
    "once": "At most one translation for each value of `per`.",
    "hold": "Where one is dead, the next for the same record waits for a person; not for cookies.",
    "settings": "A group of context cookies, written together or not at all.",
    "fast_path": "A record for a FastPath list: somebody is to be dialled now.",
    "forget": "Delete what the bridge wrote for this record's customers.",
    "operation": "Any other operation of the API that writes.",
    "stops": "What waits of these operations for this customer is not sent any more.",
}
WORDED = (MappingShape, RuleShape)


def mapping_schema() -> Json:
    """Of a file in mappings/."""
    shape = described(MappingShape())
    shape["properties"]["source"] = SOURCE
    return {
        "$schema": DRAFT,
        "title": "A mapping of Context Bridge",
        **shape,
        "$defs": {**_sources(), "check": _check(), "name": NAME},
    }


SOURCE = {
    "description": WORDS["source"],
    "if": {"required": ["preset"]},
    "then": {"$ref": "#/$defs/over_a_preset"},
    "else": {"$ref": "#/$defs/written_out"},
}


def _sources() -> dict[str, Json]:
    """With a preset, parts may be left out, or taken away by null; without one all must be there."""
    whole = described(SourceSchema())
    partial = described(SourceSchema(), partial=True)
    partial["required"] = ["name"]
    return {"written_out": whole | {"required": ["name", *WRITTEN_OUT]}, "over_a_preset": partial}


def _check() -> Json:
    """A check has one key, its kind."""
    groups = {name: {"type": "array", "items": CHECK, "minItems": 1} for name in GROUPS}
    kinds = {name: described(shape()) for name, shape in CHECKS.items()}
    return _map({**groups, **kinds}) | {"minProperties": 1, "maxProperties": 1}


def layout_schema() -> Json:
    """Of a file in mappings/layouts/."""
    return {"$schema": DRAFT, "title": "A layout of Context Bridge", **described(LayoutShape())}


def described(shape: Schema, *, partial: bool = False) -> Json:
    """A map with these keys and no other; in a partial one nothing is needed, and null takes a part away."""
    members = {field.data_key or name: field for name, field in shape.load_fields.items()}
    known = {name: _member(field, partial=partial) for name, field in members.items()}
    if isinstance(shape, WORDED):
        known = {name: {"description": WORDS[name], **one} if name in WORDS else one for name, one in known.items()}
    needed = [name for name, field in members.items() if field.required and not partial]
    return _map(known) | ({"required": needed} if needed else {}) | (RULE if isinstance(shape, RuleShape) else {})


RULE: Json = {
    "oneOf": [{"required": [action]} for action in ACTIONS],
    "dependentRequired": {"fast_path": ["once"]},
    "dependentSchemas": {"hold": {"not": {"anyOf": [{"required": ["settings"]}, {"required": ["forget"]}]}}},
}


def _map(members: Mapping[str, Json]) -> Json:
    return {"type": "object", "properties": dict(members), "additionalProperties": False}


def _member(field: fields.Field[Any], *, partial: bool) -> Json:
    if not partial:
        return of(field)
    found = described(field.schema, partial=True) if isinstance(field, fields.Nested) else of(field)
    return {"anyOf": [found, {"type": "null"}]}


@singledispatch
def of(field: fields.Field[Any]) -> Json:
    """What a value may be. A kind that is not known here may be anything: `bridge check` knows it."""
    return {}


@of.register
def _(field: fields.Nested) -> Json:
    shape = described(field.schema)
    return shape | operations_schema() if isinstance(field.schema, OperationShape) else shape


@of.register
def _(field: fields.List) -> Json:  # type: ignore[type-arg]  # singledispatch wants the plain class
    some = any(isinstance(one, Count) and one.min for one in field.validators)
    return {"type": "array", "items": of(field.inner)} | ({"minItems": 1} if some else {})


@of.register(values.OneOrMore)
@of.register(strict.Texts)
def _(field: fields.List[Any]) -> Json:
    one = of(field.inner)
    return {"anyOf": [one, {"type": "array", "items": one}]}


@of.register
def _(field: strict.MapOf) -> Json:
    return {"type": "object", "additionalProperties": of(field.inner)}


@of.register
def _(field: strict.Choice) -> Json:
    return {"enum": sorted(field.choices)}


@of.register
def _(field: strict.Whole) -> Json:
    lowest, highest = field.bounds
    return {"type": "integer", "minimum": lowest, "maximum": highest}


@of.register
def _(field: MessagePart) -> Json:
    return {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}


@of.register
def _(field: KeyField) -> Json:
    shape = described(KeySchema())
    return {"anyOf": [shape["properties"]["encoding"], shape]}


@of.register
def _(field: ReplyField) -> Json:
    return described(ReplySchema())


def _always(*kinds: type[fields.Field[Any]], schema: Json) -> None:
    for kind in kinds:
        of.register(kind, lambda field: schema)


@of.register
def _length(field: strict.Length) -> Json:
    written = f"{WRITTEN.pattern}|{strict.NO_TIME}" if field.or_none else WRITTEN.pattern
    return {"type": "string", "pattern": f"^({written})$"}


_always(strict.Text, fields.String, schema={"type": "string", "minLength": 1})
_always(values.Words, values.Moment, schema={"type": "string"})
_always(SourceName, schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"})
_always(SecretText, schema={"type": "string", "pattern": r"^(?!.*\$\{)|^\$\{[A-Z_][A-Z0-9_]*\}$"})
_always(strict.Expression, schema=NOT_NULL)
_always(values.Value, fields.Raw, values.Tree, schema={})
_always(values.Condition, schema={"anyOf": [{"type": "boolean"}, COMPUTED]})
_always(values.Lifetime, schema={"anyOf": [{"type": "string", "pattern": f"^{WRITTEN.pattern}$"}, COMPUTED]})
_always(values.One, schema={"const": 1})
_always(values.Yes, schema={"const": True})
_always(fields.Boolean, values.TrueOrFalse, schema={"type": "boolean"})
_always(CheckField, schema=CHECK)
_always(Pad, schema={"anyOf": [{"type": "string", "minLength": 1, "maxLength": 1}, {"enum": list(range(10))}]})
