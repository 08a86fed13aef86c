"""The kinds of values that mapping files hold, each with messages that say what to write."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from bridge.alvaria.named import is_named
from bridge.errors import ExpressionError
from bridge.expressions import Template, compile_template
from bridge.mappings.rules import NAMES
from bridge.mappings.tree import Named
from bridge.sources.schema.strict import EMPTY, Expression, Length


class Value(Expression):
    """Whatever a mapping computes or writes out, compiled; null is a value too."""

    default_error_messages = EMPTY

    def __init__(self, **settings: Any) -> None:
        super().__init__(NAMES, allow_none=True, **settings)

    def deserialize(self, value: Any, *args: Any, **settings: Any) -> Any:
        # Marshmallow would hand a null on as it is; we want it as a template like any other literal.
        return self._deserialize(None, None, None) if value is None else super().deserialize(value, *args, **settings)


class Some(Expression):
    """Like Value, but for what cannot be null."""

    default_error_messages = EMPTY

    def __init__(self, **settings: Any) -> None:
        super().__init__(NAMES, **settings)


class Condition(Some):
    """An expression that is true or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Template:
        template = super()._deserialize(value, attr, data, **settings)
        if template.constant and not isinstance(value, bool):
            raise ValidationError('would be the same for every event; write an expression, such as "{{ … }}"')
        return template


class Lifetime(Some):
    """A length of time, or an expression that gives one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        template = super()._deserialize(value, attr, data, **settings)
        return Length().deserialize(value) if template.constant else template


class Moment(fields.Field[datetime]):
    """A time in a test; without a zone it is UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except (ValueError, TypeError):
            raise ValidationError("is not a time; write it as 2026-05-12T09:30:00Z") from None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class One(fields.Field[int]):
    """The only version of a file's form that there is so far."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:
        if value is not True and value == 1:
            return 1
        raise ValidationError("is not a version that this bridge knows; write 1")


class Yes(fields.Field[bool]):
    """`true`, where leaving the key out is the other answer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        if value is not True:
            raise ValidationError("can only be true; to switch it off, leave the key out")
        return True


class TrueOrFalse(fields.Field[bool]):
    """One of the two, and no word that might mean it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("is neither true nor false")
        return value


class Items(fields.List[Any]):
    """A list."""

    def __init__(self, inner: fields.Field[Any], **settings: Any) -> None:
        super().__init__(inner, error_messages={"invalid": "is not a list; begin each item with a dash"}, **settings)


class OneOrMore(Items):
    """A list; one item may stand alone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        return super()._deserialize(value if isinstance(value, list) else [value], attr, data, **settings)


class Words(fields.Field[str]):
    """Text that may be empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("is not text; write it in quotes")
        return value


class Tree(fields.Field[Any]):
    """Data with expressions and names in it, at any depth; each mistake at its own place."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **settings: Any) -> Any:
        if is_named(value):
            given = value.get("params")
            params = self._each(given.items()) if isinstance(given, dict) else {}
            return Named(id_of=_compiled(value["id_of"]), by=str(value["by"]), code="as" in value, params=params)
        if isinstance(value, dict):
            return self._each(value.items())
        if isinstance(value, list):
            return list(self._each(enumerate(value)).values())
        return _compiled(value)

    def _each(self, members: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
        found, wrong = {}, {}
        for name, one in members:
            try:
                found[name] = self._deserialize(one, None, None)
            except ValidationError as error:
                wrong[name] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return found


def _compiled(value: Any) -> Template:
    try:
        return compile_template(value, names=NAMES)
    except ExpressionError as error:
        raise ValidationError(str(error)) from None
