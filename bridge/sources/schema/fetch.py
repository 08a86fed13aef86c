"""The `fetch:` part of a source, as YAML says it."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load

from bridge.errors import ExpressionError
from bridge.expressions import Template, compile_template, compile_tree
from bridge.expressions.pieces import Piece, split
from bridge.expressions.template import Compute
from bridge.sources.fetch import EVENT, Address, Auth, Batch, FetchPlan, Key, OAuth, Rate
from bridge.sources.schema.parts import HeaderText
from bridge.sources.schema.places import one_entry
from bridge.sources.schema.strict import Expression, Length, MapOf, StrictSchema, Text, Whole


class AddressField(Text):
    """A URL; the host is written out, so that nobody's data can send our credentials elsewhere."""

    def __init__(self, *, computed: bool = True, **settings: Any) -> None:
        super().__init__(**settings)
        self.computed = computed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        try:
            pieces = split(super()._deserialize(value, attr, data, **settings))
            _check_address(pieces, computed=self.computed)
            return Address(pieces=tuple(_piece(piece) for piece in pieces))
        except ExpressionError as error:
            raise ValidationError(str(error)) from None


def _check_address(pieces: list[Piece], *, computed: bool) -> None:
    if len(pieces) > 1 and not computed:
        raise ValidationError("is the same for every event; write it without {{ }}")
    start = "" if pieces[0].is_expression else pieces[0].text
    is_whole = START.match(start) and (len(pieces) == 1 or start.count("/") > 2)
    if not is_whole or any(not piece.is_expression and STRAY.search(piece.text) for piece in pieces):
        raise ValidationError("is no URL that starts with a host written out, as in https://api.example.com/contacts/…")
    if start.startswith("http:") and not _is_near(urlsplit(start).hostname or ""):
        raise ValidationError("would send the secret unencrypted; write https://")


START = re.compile(r"https?://[^/?#@\s]+(/|$)")
STRAY = re.compile(r"[\s#]|[^\x20-\x7e]")


def _is_near(host: str) -> bool:
    """This machine, or a neighbour's short name that no public server has."""
    return host == "::1" or bool(NEAR.fullmatch(host))


NEAR = re.compile(r"127(\.\d+){3}|[^.:]+", re.ASCII)


def _piece(piece: Piece) -> str | Template:
    return compile_template(f"{{{{{piece.text}}}}}", names=EVENT) if piece.is_expression else piece.text


class TreeField(fields.Field[Compute]):
    """Data with expressions in it, at any depth."""

    def __init__(self, names: frozenset[str], **settings: Any) -> None:
        super().__init__(**settings)
        self.names = names

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Compute:
        try:
            return compile_tree(value, names=self.names)
        except ExpressionError as error:
            raise ValidationError(str(error)) from None


class HeaderSchema(StrictSchema):
    name = HeaderText(required=True)
    secret = Text(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Key:
        return Key(header=data["name"], secret=data["secret"])


class OAuthSchema(StrictSchema):
    token_url = AddressField(computed=False, required=True)
    client_id = Text(required=True)
    client_secret = Text(required=True)
    refresh_token = Text()
    scope = Text()
    scheme = HeaderText()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> OAuth:
        return OAuth(**data)


def _bearer(value: Any) -> Key:
    return Key(header="Authorization", secret=str(Text().deserialize(value)), scheme="Bearer")


AUTHS: Mapping[str, Callable[[Any], Auth]] = {
    "bearer": _bearer,
    "header": lambda value: HeaderSchema().load(value),
    "oauth2": lambda value: OAuthSchema().load(value),
}


class AuthField(fields.Field[Auth]):
    """A map with one key, the kind of credentials."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Auth:
        name, inner = one_entry(value, AUTHS)
        if name not in AUTHS:
            raise ValidationError(f"{name!r} is not known; write one of {', '.join(AUTHS)}")
        try:
            return AUTHS[name](inner)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None


class RateSchema(StrictSchema):
    limit = Whole(1, 1000, required=True)
    per = Length(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Rate:
        return Rate(**data)


class BatchSchema(StrictSchema):
    url = AddressField(computed=False, required=True)
    each = TreeField(EVENT, load_default=lambda: compile_tree("{{ event.record_id }}", names=EVENT))
    body = TreeField(frozenset({"ids"}), required=True)
    most = Whole(2, 1000, required=True)
    records = Expression({"body"}, required=True)
    id = Expression({"item"}, required=True)
    record = Expression({"item"}, required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Batch:
        return Batch(**data)


class FetchSchema(StrictSchema):
    when = Expression(EVENT)
    url = AddressField(required=True)
    auth = AuthField(required=True)
    headers = MapOf(HeaderText(), load_default=dict)
    record = Expression({"body"}, load_default=lambda: compile_template("{{ body }}", names={"body"}))
    cache = Length(or_none=True, load_default=timedelta(0))
    rate = fields.Nested(RateSchema)
    batch = fields.Nested(BatchSchema)
    give_up = Length(load_default=timedelta(hours=24))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> FetchPlan:
        return FetchPlan(**data)
