"""How a source is verified, as YAML says it: one entry per kind of check."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from bridge.sources.checks import AllOf, AnyOf, Basic, Check, Constraint, Jwt, Static, secrets_of
from bridge.sources.schema.places import HeaderName, KeyField, one_entry, one_place, place_of
from bridge.sources.schema.signed import HashSchema, HmacSchema
from bridge.sources.schema.strict import Expression, Length, ListOf, StrictSchema, Text, Texts, instead


class JwtSchema(StrictSchema):
    secret = Text(required=True)
    key = KeyField(load_default=None)
    header = HeaderName()
    scheme = Text()
    query = Text()
    require = Texts(load_default=("exp",))
    aud = Text(data_key="aud")
    iss = Text(data_key="iss")
    qsh = fields.Boolean(load_default=False)
    tolerance = Length()
    covers_body = fields.Boolean(
        required=True,
        error_messages={"required": "is missing; a token proves who sends, not what: write covers_body: false"},
    )

    @validates_schema
    def stand_in_one_place(self, data: dict[str, Any], **_: Any) -> None:
        one_place(data, ("header", "query"), "the token")

    @validates_schema
    def admit_what_is_not_covered(self, data: dict[str, Any], **_: Any) -> None:
        if data["covers_body"]:
            raise ValidationError({"covers_body": "no token covers the body: it proves who sends, not what; say false"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Jwt:
        names = {"aud": "audience", "iss": "issuer"}
        kept = {
            names.get(name, name): value for name, value in data.items() if name in JWT_MEMBERS and value is not None
        }
        return Jwt(**kept | {"require": tuple(data["require"])}, place=place_of(data, ("header", "query")))


JWT_MEMBERS = frozenset({"secret", "key", "aud", "iss", "qsh", "tolerance"})


class BasicSchema(StrictSchema):
    user = Text(required=True)
    password = Text(required=True)


STATIC_PLACES = ("header", "query", "json", "form")


class StaticSchema(StrictSchema):
    secret = Text()
    header = HeaderName()
    scheme = Text()
    query = Text()
    json = Text()
    form = Text()
    basic = fields.Nested(BasicSchema)

    @validates_schema
    def stand_in_one_place(self, data: dict[str, Any], **_: Any) -> None:
        one_place(data, (*STATIC_PLACES, "basic"), "the secret")
        if ("secret" in data) == ("basic" in data):
            raise ValidationError({"secret": "name the secret; only basic names two of its own, user and password"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Static | Basic:
        if "basic" in data:
            return Basic(**data["basic"])
        return Static(secret=data["secret"], place=place_of(data, STATIC_PLACES))


class ConstraintSchema(StrictSchema):
    value = Expression({"body", "headers"}, required=True)
    secret = Text(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Constraint:
        return Constraint(**data)


CHECKS: Mapping[str, type[Schema]] = {
    "hmac": HmacSchema,
    "hash": HashSchema,
    "jwt": JwtSchema,
    "static": StaticSchema,
    "constraint": ConstraintSchema,
}
GROUPS: Mapping[str, type[AnyOf] | type[AllOf]] = {"any": AnyOf, "all": AllOf}


class CheckField(fields.Field[Check]):
    """A map with one key, the name of the check; `any` and `all` hold lists of checks."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Check:
        name, inner = one_entry(value, [*GROUPS, *CHECKS])
        try:
            return _read_check(name, inner)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None


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
        case AnyOf(checks=checks):
            return all(proves_sender(inner) for inner in checks)
        case AllOf(checks=checks):
            return any(proves_sender(inner) for inner in checks)
        case Constraint():
            return False
        case _:
            return True


def offered(check: Check, given: frozenset[str]) -> Check:
    """A preset's ways to prove the sender, as far as the mapping gives their secrets; all where it gives none's."""
    match check:
        case AllOf(checks=checks):
            return AllOf(checks=tuple(offered(inner, given) for inner in checks))
        case AnyOf(checks=checks):
            ways = [offered(inner, given) for inner in checks]
            return AnyOf(checks=tuple(way for way in ways if given.issuperset(secrets_of(way))) or checks)
        case _:
            return check
