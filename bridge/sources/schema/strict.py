"""Marshmallow as the YAML files want it: unknown keys refused, every message a remedy."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema

from bridge.documents import did_you_mean
from bridge.duration import parse_duration
from bridge.errors import ExpressionError
from bridge.expressions import Template, compile_template

EMPTY: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "is missing; add it",
    "null": "is empty; give it a value or leave the key out",
}


class StrictSchema(Schema):
    """A map whose keys are all known."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.error_messages["type"] = "is not a map of keys and values"

    class Meta:
        # Unknown keys are refused below, where the message can say what was probably meant.
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.error_messages |= EMPTY

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown_keys(self, data: Any, original: Any, **_: Any) -> None:
        if not isinstance(original, Mapping):
            return
        known = [field.data_key or name for name, field in self.load_fields.items()]
        unknown = {key: [f"unknown key{instead(key, known)}"] for key in original if key not in known}
        if unknown:
            raise ValidationError(unknown)


def instead(text: str, known: Collection[str]) -> str:
    """What to write instead: the close one, else all."""
    return did_you_mean(text, known) or f"; write one of {', '.join(sorted(known))}"


class Text(fields.Field[str]):
    """Text that is not blank."""

    default_error_messages = EMPTY

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("is not text; write it in quotes")
        if not value.strip():
            raise ValidationError("is blank; give it a value or leave the key out")
        return value


class Choice(Text):
    """One of a few words."""

    def __init__(self, choices: Collection[str], **settings: Any) -> None:
        super().__init__(**settings)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        text = super()._deserialize(value, attr, data)
        if text not in self.choices:
            raise ValidationError(f"{text!r} is not known{instead(text, self.choices)}")
        return text


class Whole(fields.Field[int]):
    """A whole number between two bounds."""

    def __init__(self, lowest: int, highest: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.bounds = (lowest, highest)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        lowest, highest = self.bounds
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValidationError(f"is not a whole number from {lowest} to {highest}")
        return value


class Length(fields.Field[timedelta]):
    """'300s' -> five minutes; '2d' -> two days. Only where `or_none` is said, '0s' is one too."""

    def __init__(self, *, or_none: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.or_none = or_none

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> timedelta:
        if self.or_none and value == NO_TIME:
            return timedelta(0)
        try:
            return parse_duration(value)
        except ValueError as error:
            raise ValidationError(f"is {error}") from None


NO_TIME = "0s"


class Expression(fields.Field[Template]):
    """Text with {{ … }} in it that speaks of certain names, compiled."""

    def __init__(self, names: Collection[str], **settings: Any) -> None:
        super().__init__(**settings)
        self.names = names

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Template:
        try:
            return compile_template(value, names=self.names)
        except ExpressionError as error:
            raise ValidationError(str(error)) from None


class ListOf(fields.List[Any]):
    """A list whose items are all of one kind."""

    default_error_messages = EMPTY | {"invalid": "is not a list; write it as [one, another]"}


class Texts(ListOf):
    """A list of texts; one text alone is a list of one."""

    def __init__(self, inner: Text | None = None, **settings: Any) -> None:
        super().__init__(inner or Text(), **settings)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        return super()._deserialize(value if isinstance(value, list) else [value], attr, data, **settings)


class MapOf(fields.Field[dict[str, Any]]):
    """A map whose keys are free and whose values are all of one kind."""

    def __init__(self, inner: fields.Field[Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.inner = inner

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("is not a map of keys and values")
        found: dict[str, Any] = {}
        mistakes: dict[str, Any] = {}
        for key, inner in value.items():
            try:
                found[key] = self.inner.deserialize(inner)
            except ValidationError as error:
                mistakes[key] = error.messages
        if mistakes:
            raise ValidationError(mistakes)
        return found
