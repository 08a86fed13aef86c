"""Where something stands in a request, and the parts of a signed message, as YAML says them."""

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import ValidationError, fields

from bridge.sources.checks import Key, Part, Place
from bridge.sources.message import KEYS, NAMED_PARTS, PARTS, URL_FORMS
from bridge.sources.schema.strict import Choice, StrictSchema, Text, Texts, instead


class HeaderName(Text):
    """Headers are compared in lower case, as they arrive."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> str:
        return super()._deserialize(value, attr, data, **settings).lower()


def place_of(data: Mapping[str, Any], kinds: Collection[str]) -> Place:
    """The one place that is said; which one is checked by `one_place`."""
    kind = next(kind for kind in kinds if kind in data)
    return Place(kind=kind, name=data[kind], scheme=data.get("scheme", ""))


def one_place(data: Mapping[str, Any], kinds: Collection[str], what: str) -> None:
    said = [kind for kind in kinds if kind in data]
    if len(said) != 1:
        raise ValidationError(f"say where {what} stands: one of {', '.join(kinds)}")
    if "scheme" in data and said != ["header"]:
        raise ValidationError({"scheme": "belongs to a header; take it away"})


class MessagePart(fields.Field[Part]):
    """`body`, or a part with what it must know: `{header: X-Id}`, `{url: decoded}`, `{literal: "."}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Part:
        name, form = one_entry(value, PARTS) if isinstance(value, dict) else (value, None)
        Choice(PARTS).deserialize(name)
        if name in NAMED_PARTS:
            return Part(name=name, form=_form(name, form))
        if form is None:
            return Part(name=name)
        if name != "url":
            raise ValidationError(f"{name!r} has only one form; write it alone")
        return Part(name=name, form=Choice(URL_FORMS).deserialize(form))


def _form(name: str, form: Any) -> str:
    if form is None:
        raise ValidationError(f"does not say which; write it as {{{name}: …}}")
    text = form if isinstance(form, str) and form else Text().deserialize(form)
    return text.lower() if name == "header" else text


def one_entry(value: Any, known: Collection[str]) -> tuple[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise ValidationError(f"is not a map with one key; write one of {', '.join(known)}")
    return next(iter(value.items()))


class KeySchema(StrictSchema):
    encoding = Choice(KEYS, load_default="utf-8")
    prefix = Text(load_default="")


class KeyField(fields.Field[Key]):
    """`base64`, or `{encoding: base64, prefix: whsec_}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Key:
        written = value if isinstance(value, dict) else {"encoding": value}
        try:
            return Key(**KeySchema().load(written))
        except ValidationError as error:
            if isinstance(value, dict) or not isinstance(value, str):
                raise
            raise ValidationError(f"{value!r} is not known{instead(value, KEYS)}") from error


class HeaderNames(Texts):
    """One header, or several of which the first that is there counts."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(HeaderName(), **settings)
