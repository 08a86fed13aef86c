"""A layout file -> a Layout, or every mistake in it."""

import re
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields

from bridge.documents import Document, Path
from bridge.errors import Problem
from bridge.mappings.layout import Field, Layout, check_layout
from bridge.mappings.schema.fields import Items, One
from bridge.mappings.schema.shapes import SOME
from bridge.sources.schema.strict import Choice, StrictSchema, Text, Whole


@dataclass(frozen=True, kw_only=True)
class LayoutFile:
    """A layout with the file that it came from; without a layout (None) the file is broken."""

    file: str
    text: str = field(repr=False)
    layout: Layout | None


class Pad(fields.Field[str]):
    """The character that fills a field up."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or len(text) != 1:
            raise ValidationError('is not one character; write it in quotes, such as " " or "0"')
        return text


class FieldShape(StrictSchema):
    name = Text(required=True)
    width = Whole(1, 10_000, required=True)
    align = Choice(["left", "right"])
    pad = Pad()
    case = Choice(["none", "upper", "lower"])
    on_overflow = Choice(["error", "cut"])
    on_missing = Choice(["error", "blank"])
    kind = Choice(["text", "number", "phone", "account"])


class LayoutShape(StrictSchema):
    version = One(required=True)
    fields_ = Items(fields.Nested(FieldShape), required=True, validate=SOME, data_key="fields")


def read_layout(document: Document, text: str, name: str) -> tuple[LayoutFile, list[Problem]]:
    """`name` is what rules call it: the file's name without its ending."""
    layout, problems = _read(document, name)
    return LayoutFile(file=document.file, text=text, layout=None if problems else layout), problems


def _read(document: Document, name: str) -> tuple[Layout | None, list[Problem]]:
    try:
        data = LayoutShape().load(document.data)
    except ValidationError as error:
        return None, list(document.problems(error.messages))
    layout = Layout(name=name, fields=tuple(Field(**member) for member in data["fields_"]))
    return layout, [document.problem(_path(dotted), message) for dotted, message in check_layout(layout)]


def _path(dotted: str) -> Path:
    """'fields[2].width' -> ('fields', 2, 'width')."""
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", dotted))
