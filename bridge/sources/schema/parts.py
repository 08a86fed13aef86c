"""The parts of a source beside its verification: where events stand, their words, redaction, replies."""

import re
from collections.abc import Mapping
from datetime import UTC
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError, fields, post_load, validates_schema

from bridge.sources.moments import READERS
from bridge.sources.parse import PARSERS
from bridge.sources.plain import PLAIN
from bridge.sources.schema.strict import Choice, Expression, Length, MapOf, StrictSchema, Text, Texts, Whole
from bridge.sources.source import EventPlan, Reading, ReplyKind, ReplyPlan


class MemberPath(fields.Field[tuple[str, ...]]):
    """'Envelope.Body' -> ('Envelope', 'Body'); blank text is the place itself."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        if not isinstance(value, str):
            raise ValidationError("is not a path; write the names of members with dots between them")
        names = tuple(value.split(".")) if value else ()
        if "" in names:
            raise ValidationError("has two dots together, or one at an end; write only names with dots between them")
        return names


class ReadingSchema(StrictSchema):
    format = Choice(PARSERS, required=True)
    json_field = Text()
    root = MemberPath(load_default=())
    plain = Texts(Choice(PLAIN), load_default=())
    events = MemberPath(load_default=())
    inherit = Texts(load_default=())
    fan_out = MemberPath(load_default=())

    @validates_schema
    def read_a_form(self, data: dict[str, Any], **_: Any) -> None:
        if "json_field" in data and data["format"] not in ("form", "auto"):
            raise ValidationError({"json_field": "is a field of a form; write format: form, or format: auto"})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Reading:
        return Reading(**data | {"inherit": tuple(data["inherit"]), "plain": tuple(data["plain"])})


ITEM = frozenset({"item", "body", "headers", "each", "index"})
TYPED = ITEM | {"type", "entity"}
RECORDED = TYPED | {"record"}


class Zone(Text):
    """What a time without a zone means, as `UTC` or `Europe/Lisbon`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        text = super()._deserialize(value, attr, data, **settings)
        if text.upper() == "UTC":
            return UTC
        try:
            return ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValidationError(
                "is no time zone that this machine knows; write one such as UTC or Europe/Lisbon"
            ) from None


class EventSchema(StrictSchema):
    """`type` comes first, then `record`, then the others: each may speak of those before it."""

    skip = Expression(ITEM)
    type = Expression(ITEM, required=True)
    record = Expression(TYPED)
    record_id = Expression(RECORDED, required=True)
    id = Expression(RECORDED)
    occurred_at = Expression(RECORDED)
    time = Choice(READERS, load_default="iso8601")
    zone = Zone(load_default=None)
    tenant = Expression(RECORDED)
    dedup_key = Expression(RECORDED)
    dedup_window = Length(load_default=None)
    previous = Expression(RECORDED)
    changed = Expression(RECORDED)
    merged = Expression(RECORDED)
    sequence = Expression(RECORDED)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> EventPlan:
        return EventPlan(**data)


class RedactSchema(StrictSchema):
    headers = Texts(load_default=())
    query = Texts(load_default=())
    body = Texts(load_default=())


class HeaderText(Text):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        text = super()._deserialize(value, attr, data, **settings)
        if re.search(r"[^\x20-\x7e]", text):
            raise ValidationError("holds a line break or a letter that headers cannot carry; write plain ASCII")
        return text


class ReplyPlanSchema(StrictSchema):
    status = Whole(200, 599)
    content_type = HeaderText()
    body = fields.String(error_messages={"invalid": "is not text; write it in quotes"})
    headers = MapOf(HeaderText(), load_default=dict)

    @validates_schema
    def name_the_type_of_a_body(self, data: dict[str, Any], **_: Any) -> None:
        if ("body" in data) != ("content_type" in data):
            raise ValidationError("body and content_type go together; write both or neither")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ReplyPlan:
        return ReplyPlan(**data)


KEPT = (ReplyKind.STORED, ReplyKind.DUPLICATE, ReplyKind.UNREADABLE)
KEPT_STATUSES = (200, 201, 202, 204)
REFUSED_STATUSES = tuple(status.value for status in HTTPStatus if status >= 400 and status is not HTTPStatus.GONE)


class ReplyField(fields.Field[Mapping[ReplyKind, ReplyPlan]]):
    """A plan by outcome, such as `stored`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[ReplyKind, ReplyPlan]:
        plans = ReplySchema().load(value)
        kinds = {ReplyKind(name): plan for name, plan in plans.items()}
        mistakes = {str(kind): {"status": [mistake]} for kind, plan in kinds.items() if (mistake := _wrong(kind, plan))}
        if mistakes:
            raise ValidationError(mistakes)
        return kinds


def _wrong(kind: ReplyKind, plan: ReplyPlan) -> str | None:
    """A sender repeats what it takes for refused, and forgets what it takes for kept."""
    fitting = KEPT_STATUSES if kind in KEPT else REFUSED_STATUSES
    if plan.status is None or plan.status in fitting:
        return None
    if plan.status == HTTPStatus.GONE:
        return "would make many senders remove the webhook for good; write another status, such as 503"
    if kind in KEPT:
        return f"would make the sender repeat what is kept; write one of {', '.join(map(str, KEPT_STATUSES))}"
    return "would make the sender forget what is not kept; write a status of 400 or above, such as 503"


NOT_THE_SOURCES = (ReplyKind.UNKNOWN_SOURCE, ReplyKind.WRONG_METHOD)

ReplySchema = StrictSchema.from_dict(
    {kind.value: fields.Nested(ReplyPlanSchema) for kind in ReplyKind if kind not in NOT_THE_SOURCES},
    name="ReplySchema",
)


class ExpectSchema(StrictSchema):
    """A CRM that falls silent has often let the subscription lapse."""

    every = Length(required=True)


class LimitsSchema(StrictSchema):
    body_bytes = Whole(1, 100_000_000)


class DocsSchema(StrictSchema):
    """Short facts for people: what the CRM expects of us."""

    title = Text()
    deadline = Text()
    retries = Text()
    error_costs = Text()
