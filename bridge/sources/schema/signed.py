"""Signatures over parts of a request, as YAML says them: what is signed, where it stands, how it is written."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from bridge.sources.checks import Hash, Hmac, Place, Signature, Stamp
from bridge.sources.message import COVERING_PARTS, DECODERS, DELIMITERS, DIGESTS
from bridge.sources.moments import WRITERS
from bridge.sources.schema.places import HeaderName, HeaderNames, KeyField, MessagePart, one_place, place_of
from bridge.sources.schema.strict import Choice, Length, ListOf, StrictSchema, Text


class SignatureSchema(StrictSchema):
    header = HeaderNames()
    json = Text()
    query = Text()
    encoding = Choice(DECODERS, required=True)
    format = Choice(DELIMITERS, load_default="plain")
    prefix = Text()
    tag = Text()
    delimiter = fields.String(error_messages={"invalid": "is not text; write it in quotes"})

    @validates_schema
    def stand_in_one_place(self, data: dict[str, Any], **_: Any) -> None:
        one_place(data, ("header", "json", "query"), "the signature")

    @validates_schema
    def fit_the_format(self, data: dict[str, Any], **_: Any) -> None:
        is_plain = data["format"] == "plain"
        if not is_plain and "tag" not in data:
            raise ValidationError({"tag": "is missing; say how the signature is marked in the list, such as v1"})
        for name in ("tag", "delimiter") if is_plain else ("prefix",):
            if name in data:
                raise ValidationError({name: f"does not belong to the format {data['format']}; take it away"})
        if data.get("delimiter") == "":
            raise ValidationError({"delimiter": "is empty; leave it out for the usual one"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Signature:
        names = {kind: data.pop(kind) for kind in ("header", "json", "query") if kind in data}
        places = [
            Place(kind=kind, name=name)
            for kind, said in names.items()
            for name in ([said] if isinstance(said, str) else said)
        ]
        return Signature(**{"delimiter": DELIMITERS[data["format"]]} | data, places=tuple(places))


STAMP_PLACES = ("header", "json", "query")


class StampSchema(StrictSchema):
    header = HeaderName()
    json = Text()
    query = Text()
    tag = Text()
    format = Choice(WRITERS, required=True)
    tolerance = Length(required=True)

    @validates_schema
    def stand_in_one_place(self, data: dict[str, Any], **_: Any) -> None:
        one_place(data, (*STAMP_PLACES, "tag"), "the time stamp")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Stamp:
        place = None if "tag" in data else place_of(data, STAMP_PLACES)
        return Stamp(format=data["format"], tolerance=data["tolerance"], place=place, tag=data.get("tag", ""))


UNCOVERED = "does not cover the body, so the content could be forged; "


class SignedSchema(StrictSchema):
    digest = Choice(DIGESTS, required=True)
    secret = Text(required=True)
    message = ListOf(MessagePart(), required=True)
    signature = fields.Nested(SignatureSchema, required=True)
    timestamp = fields.Nested(StampSchema)
    covers_body = fields.Boolean(load_default=True)

    @validates_schema
    def cover_what_matters(self, data: dict[str, Any], **_: Any) -> None:
        names = {part.name for part in data["message"]}
        if data["covers_body"] and not names & COVERING_PARTS:
            raise ValidationError({"message": f"{UNCOVERED}add body, or say covers_body: false"})
        if ("timestamp" in names) != ("timestamp" in data):
            raise ValidationError({"message": "name timestamp here and describe it under timestamp:, or neither"})
        if "timestamp" in data and data["timestamp"].tag and data["signature"].format != "pairs":
            raise ValidationError({"timestamp": {"tag": "needs a signature with format: pairs, where it stands"}})


class HmacSchema(SignedSchema):
    key = KeyField(load_default=None)

    @validates_schema
    def keep_the_secret_out(self, data: dict[str, Any], **_: Any) -> None:
        if any(part.name == "secret" for part in data["message"]):
            raise ValidationError({"message": "the secret is the key here; a plain hash over it is the check hash"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Hmac:
        return Hmac(**_built(data))


class HashSchema(SignedSchema):
    @validates_schema
    def take_the_secret_in(self, data: dict[str, Any], **_: Any) -> None:
        if not any(part.name == "secret" for part in data["message"]):
            raise ValidationError({"message": "anyone could compute this; add secret to the message"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Hash:
        return Hash(**_built(data))


def _built(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in data.items() if name != "covers_body" and value is not None}
    return kept | {"message": tuple(data["message"])}
