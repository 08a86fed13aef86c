"""The trials of an address, as YAML says them: how one is known, and what it wants to hear."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from bridge.sources.checks import Place
from bridge.sources.schema.parts import HeaderText
from bridge.sources.schema.places import HeaderName
from bridge.sources.schema.strict import Choice, MapOf, StrictSchema, Text, Texts, Whole
from bridge.sources.source import ANYTHING, METHODS, Answer, Handshake, Match


class Wanted(fields.Field[dict[str, str]]):
    """A name, a list of names, or a map of names to the text that must stand there; * is any text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        if isinstance(value, dict):
            return MapOf(Text()).deserialize(value)
        return dict.fromkeys(Texts().deserialize(value), ANYTHING)


class MatchSchema(StrictSchema):
    method = Choice(METHODS, load_default="POST")
    header = Wanted(load_default=dict)
    query = Wanted(load_default=dict)
    json = Wanted(load_default=dict)
    members = Texts()

    @validates_schema
    def leave_webhooks_alone(self, data: dict[str, Any], **_: Any) -> None:
        if data["method"] == "POST" and not (data["header"] or data["query"] or data["json"] or "members" in data):
            raise ValidationError("would match every webhook; say by which header, query or json a trial is known")
        if data["method"] != "POST" and (data["json"] or "members" in data):
            raise ValidationError({"json": "only a POST has a body; take it away"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Match:
        # Strict unless said otherwise: a webhook may hold a member of the same name among others.
        said = data.get("members", [name.partition(".")[0] for name in data["json"]])
        return Match(
            method=data["method"],
            header={name.lower(): text for name, text in data["header"].items()},
            query=data["query"],
            json=data["json"],
            members=frozenset(said) if said else None,
        )


class EchoSchema(StrictSchema):
    header = HeaderName()
    query = Text()
    json = Text()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Place:
        if len(data) != 1:
            raise ValidationError("says one thing back: write one of body, {header: …}, {query: …}, {json: …}")
        kind, name = next(iter(data.items()))
        return Place(kind=kind, name=name)


class EchoField(fields.Field[Place]):
    """`body`, or the place of a text, as `{query: hub.challenge}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Place:
        place: Place = Place(kind="body", name="") if value == "body" else EchoSchema().load(value)
        return place


class IntoSchema(StrictSchema):
    header = HeaderText()
    json = Text()


class AnswerSchema(StrictSchema):
    status = Whole(200, 299, load_default=200)
    echo = EchoField()
    into = fields.Nested(IntoSchema, load_default=dict)
    headers = MapOf(HeaderText(), load_default=dict)
    content_type = HeaderText()
    body = Text()

    @validates_schema
    def say_one_thing(self, data: dict[str, Any], **_: Any) -> None:
        if data["into"] and "echo" not in data:
            raise ValidationError({"into": "has nothing to say; name under echo: what is said back"})
        if "echo" in data and "body" in data:
            raise ValidationError({"body": "says another thing than echo; write one of them"})
        if len(data["into"]) > 1:
            raise ValidationError({"into": "names two places; write header or json"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Answer:
        echo, into = data.get("echo"), data["into"]
        # A header is said back as a header: nobody wants it as a body.
        same = echo.name if echo and echo.kind == "header" and not into else ""
        is_json = bool(echo and echo.kind == "body") or "json" in into
        return Answer(
            status=data["status"],
            echo=echo,
            into_header=into.get("header", same),
            into_member=into.get("json", ""),
            headers=data["headers"],
            content_type=data.get("content_type", "application/json" if is_json else "text/plain; charset=utf-8"),
            body=data.get("body", ""),
        )


class HandshakeSchema(StrictSchema):
    match = fields.Nested(MatchSchema, required=True)
    answer = fields.Nested(AnswerSchema, required=True)

    @validates_schema
    def say_back_what_is_there(self, data: dict[str, Any], **_: Any) -> None:
        match, echo = data["match"], data["answer"].echo
        if echo is None:
            return
        there = match.members if echo.kind == "body" else getattr(match, echo.kind)
        if not there or (echo.name and echo.name not in there):
            raise ValidationError(
                {"answer": {"echo": ["may be missing; name it under match: too, so that it is there"]}}
            )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Handshake:
        return Handshake(**data)
