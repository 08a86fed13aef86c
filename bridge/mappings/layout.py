"""Values <-> a record of fixed width, as FastPath lists take it; what could not be read back is not written.

Campaign API v2.0.0, Insert FastPath Records: a record is the values put one after the other, each as wide as its
field in the list's schema.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bridge.documents import did_you_mean
from bridge.errors import ExpressionError, LayoutError
from bridge.expressions import MISSING, as_text

FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, half characters, line and paragraph ends."""

Kind: TypeAlias = Literal["text", "number", "phone", "account"]

KINDS_BY_NAME: Mapping[str, Kind] = {"@ACCOUNT": "account", "@NUMBER": "phone", "@PHONE": "phone"}
KEPT_WHOLE: frozenset[Kind] = frozenset({"account", "phone", "number"})

CASES: Mapping[str, Callable[[str], str]] = {"none": str, "upper": str.upper, "lower": str.lower}

UNSIGNED = re.compile(r"0*(?P<kept>[0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the record. `kind` None: from the name; `cut` keeps the first characters."""

    name: str
    width: int
    align: Literal["left", "right"] = "left"
    pad: str = " "
    case: Literal["none", "upper", "lower"] = "none"
    on_overflow: Literal["error", "cut"] = "error"
    on_missing: Literal["error", "blank"] = "error"
    kind: Kind | None = None

    @property
    def is_kept_whole(self) -> bool:
        """A phone or account number that was cut would be somebody else's."""
        by_name = (kind for start, kind in KINDS_BY_NAME.items() if self.name.upper().startswith(start))
        return (self.kind or next(by_name, "text")) in KEPT_WHOLE

    @property
    def drops_zeros(self) -> bool:
        """A number that is filled with zeros: 7, 007 and 00007 are the same there, in any other field they are not."""
        return self.kind == "number" and self.align == "right" and self.pad == "0"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The fields in their order; `width` is that of the whole record, in characters."""

    name: str
    fields: tuple[Field, ...]

    @property
    def width(self) -> int:
        return sum(field.width for field in self.fields)


def check_layout(layout: Layout) -> list[tuple[str, str]]:
    """All mistakes, as (path, message)."""
    names = [field.name for field in layout.fields]
    found = [("fields", "a record needs at least one field")] if not names else []
    for index, field in enumerate(layout.fields):
        if field.name in names[:index]:
            found.append((f"fields[{index}].name", f"{field.name!r} stands twice; keep one of them"))
        found += [(f"fields[{index}].{path}", message) for path, message in _mistakes(field)]
    return found


def _mistakes(field: Field) -> Iterator[tuple[str, str]]:
    if field.width < 1:
        yield "width", "must be 1 or more"
    if len(field.pad) != 1:
        yield "pad", "must be one character"
    elif (
        _is_forbidden(field.pad)
        or unicodedata.combining(field.pad)
        or unicodedata.normalize("NFC", field.pad) != field.pad
    ):
        yield "pad", "must be a character that can be seen, or a blank"
    if field.on_overflow == "cut" and field.is_kept_whole:
        yield "on_overflow", "a phone, account or other number is never cut, it would be somebody else's; write error"


def render(layout: Layout, values: Mapping[str, Any]) -> str:
    """The record, exactly as wide as the layout; LayoutError names every field that does not fit, and no value.

    Missing, null and empty text are one case here: there is nothing to write, and `on_missing` says what then.
    """
    problems = [*_unknown_names(layout, values)]
    cells = []
    for field in layout.fields:
        try:
            cells.append(_cell(field, normalised(field, values.get(field.name, MISSING))))
        except LayoutError as error:
            problems.append(f"{field.name} ({field.width} wide) {error}")
    record = "".join(cells)
    if not problems and not unicodedata.is_normalized("NFC", record):
        problems.append("two fields would run together; begin no field with a combining mark")
    if problems:
        raise LayoutError(f"layout {layout.name}: {'; '.join(problems)}")
    return record


def _unknown_names(layout: Layout, values: Mapping[str, Any]) -> Iterator[str]:
    names = [field.name for field in layout.fields]
    for name in values:
        if name not in names:
            yield f"there is no field {name!r}{did_you_mean(name, names)}"


def normalised(field: Field, value: Any) -> str:
    """The text as `parse` will give it back: NFC, in the field's case, cut if it may be, without outer padding.

    Padding is told from the value: blanks at the padded side are dropped, and so are the leading zeros of a
    number filled with zeros; any other value that begins or ends with its padding is refused.
    """
    if value is MISSING or value is None:
        return ""
    text = unicodedata.normalize("NFC", CASES[field.case](unicodedata.normalize("NFC", _text(value))))
    if any(map(_is_forbidden, text)):
        raise LayoutError("has a line break or another control character; remove it with replace(…) or trim")
    text = _without_padding(text, field)
    if len(text) <= field.width:
        return text
    if field.on_overflow == "error" or field.is_kept_whole:
        raise LayoutError(f"is {len(text)} characters long; shorten it with truncate(…), or widen the list's schema")
    return _without_padding(text[: field.width], field)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple | Mapping):
        raise LayoutError("is a list or a map; write one text, as with join(' ')")
    try:
        return as_text(value)
    except ExpressionError as error:
        raise LayoutError(f"cannot be written: {error}") from None


def _is_forbidden(character: str) -> bool:
    return unicodedata.category(character) in FORBIDDEN


def _without_padding(text: str, field: Field) -> str:
    # All blank is how a record says that there is nothing, whatever the padding.
    if not text.strip(" "):
        return ""
    if field.drops_zeros:
        return _without_zeros(text)
    stripped = text.rstrip(field.pad) if field.align == "left" else text.lstrip(field.pad)
    if stripped != text and field.pad != " ":
        side = "ends" if field.align == "left" else "begins"
        raise LayoutError(f"{side} with its own padding {field.pad!r}; choose another pad, or the other align")
    return stripped


def _without_zeros(text: str) -> str:
    number = UNSIGNED.fullmatch(text.strip(" "))
    if not number:
        raise LayoutError("is not a number without a sign, as padding with '0' wants it; choose another pad")
    return number["kept"]


def _cell(field: Field, text: str) -> str:
    if not text:
        if field.on_missing == "error":
            raise LayoutError("is missing or empty; give it a value in `fields`, or write on_missing: blank")
        return " " * field.width
    return text.ljust(field.width, field.pad) if field.align == "left" else text.rjust(field.width, field.pad)


def parse(layout: Layout, record: str) -> dict[str, str]:
    """The texts of a record's fields; "" for a blank one."""
    if len(record) != layout.width:
        raise LayoutError(f"layout {layout.name}: the record has {len(record)} characters, not {layout.width}")
    return {field.name: _read(field, record[start : start + field.width]) for field, start in _starts(layout.fields)}


def _read(field: Field, cell: str) -> str:
    if not cell.strip(" "):
        return ""
    stripped = cell.rstrip(field.pad) if field.align == "left" else cell.lstrip(field.pad)
    if field.drops_zeros and not stripped[:1].isdigit():
        return f"0{stripped}"
    return stripped


def _starts(fields: Sequence[Field]) -> Iterator[tuple[Field, int]]:
    start = 0
    for field in fields:
        yield field, start
        start += field.width


def ruler(layout: Layout) -> str:
    """Two lines as wide as the record: the fields' names, and the column, from 1, where each begins."""
    names = "".join(field.name[: field.width].ljust(field.width) for field in layout.fields)
    columns = "".join(_column(start + 1, field.width) for field, start in _starts(layout.fields))
    return f"{names}\n{columns}"


def _column(number: int, width: int) -> str:
    # Half a number would be a wrong number.
    mark = f"|{number}"
    return (mark if len(mark) <= width else "|").ljust(width, "-")
