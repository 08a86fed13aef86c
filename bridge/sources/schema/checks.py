"""How a source is verified, as YAML says it: one entry per kind of check."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from bridge.sources.moments import WRITERS
from bridge.sources.schema.strict import Choice, Expression, ListOf, Seconds, StrictSchema, Text, instead
from bridge.sources.signing import DIGESTS, ENCODERS, KEYS, PARTS, URL_FORMS
from bridge.sources.source import AllOf, AnyOf, Check, Constraint, Hmac, Part, Signature, Stamp, Static


class HeaderName(Text):
    """Headers are compared in lower case, as they arrive."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        return super()._deserialize(value, attr, data, **settings).lower()


class MessagePart(fields.Field[Part]):
    """`body`, or a part with its form: `{url: decoded}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Part:
        name, form = _one_entry(value) if isinstance(value, dict) else (value, None)
        Choice(PARTS).deserialize(name)
        if form is None:
            return Part(name=name)
        if name != "url":
            raise ValidationError(f"{name!r} has only one form; write it alone")
        return Part(name=name, form=Choice(URL_FORMS).deserialize(form))


class SignatureSchema(StrictSchema):
    header = HeaderName(required=True)
    encoding = Choice(ENCODERS, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Signature:
        return Signature(**data)


class StampSchema(StrictSchema):
    header = HeaderName(required=True)
    format = Choice(WRITERS, required=True)
    tolerance = Seconds(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Stamp:
        return Stamp(**data)


class HmacSchema(StrictSchema):
    digest = Choice(DIGESTS, required=True)
    secret = Text(required=True)
    key = Choice(KEYS, load_default="utf-8")
    message = ListOf(MessagePart(), required=True)
    signature = fields.Nested(SignatureSchema, required=True)
    timestamp = fields.Nested(StampSchema)

    @validates_schema
    def cover_what_matters(self, data: dict[str, Any], **_: Any) -> None:
        names = {part.name for part in data["message"]}
        if "body" not in names:
            raise ValidationError({"message": "does not cover the body, so the content could be forged; add body"})
        if ("timestamp" in names) != ("timestamp" in data):
            raise ValidationError({"message": "name timestamp here and describe it under timestamp:, or neither"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Hmac:
        return Hmac(**data | {"message": tuple(data["message"])})


class StaticSchema(StrictSchema):
    secret = Text(required=True)
    header = HeaderName()
    query = Text()

    @validates_schema
    def stand_in_one_place(self, data: dict[str, Any], **_: Any) -> None:
        if ("header" in data) == ("query" in data):
            raise ValidationError("say where the secret stands: either header or query")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Static:
        return Static(**data)


class ConstraintSchema(StrictSchema):
    value = Expression({"body", "headers"}, required=True)
    secret = Text(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Constraint:
        return Constraint(**data)


CHECKS: Mapping[str, type[Schema]] = {"hmac": HmacSchema, "static": StaticSchema, "constraint": ConstraintSchema}
GROUPS: Mapping[str, type[AnyOf] | type[AllOf]] = {"any": AnyOf, "all": AllOf}


class CheckField(fields.Field[Check]):
    """A map with one key, the name of the check; `any` and `all` hold lists of checks."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Check:
        name, inner = _one_entry(value)
        try:
            return _read_check(name, inner)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None


def _one_entry(value: Any) -> tuple[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValidationError(f"is not a map with one key; write one of {', '.join([*GROUPS, *CHECKS])}")
    return next(iter(value.items()))


def _read_check(name: str, inner: Any) -> Check:
    if name in CHECKS:
        check: Check = CHECKS[name]().load(inner)
        return check
    if name not in GROUPS:
        raise ValidationError(f"unknown check{instead(name, [*GROUPS, *CHECKS])}")
    if not inner:
        raise ValidationError("is empty; add a check")
    checks = ListOf(CheckField()).deserialize(inner)
    return GROUPS[name](checks=tuple(checks or ()))


def proves_sender(check: Check) -> bool:
    """A constraint compares what a forger may know; some check beside it must ask for a secret."""
    match check:
        case Hmac() | Static():
            return True
        case Constraint():
            return False
        case AnyOf(checks=checks):
            return all(proves_sender(inner) for inner in checks)
        case AllOf(checks=checks):
            return any(proves_sender(inner) for inner in checks)


def leaves(check: Check) -> list[Hmac | Static | Constraint]:
    if isinstance(check, AnyOf | AllOf):
        return [leaf for inner in check.checks for leaf in leaves(inner)]
    return [check]
