"""JSON that came in -> checked members, or one sentence for each mistake."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, TypeAlias

from bridge.sandbox.messages import Ask, Json, Refusal

Check: TypeAlias = Callable[[str, Json], Any]
"""(name, value) -> the value to keep; raises ValueError with a whole sentence."""

REQUIRED: Any = object()
MOST = 1e9
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00)?")


@dataclass(frozen=True, kw_only=True)
class Member:
    check: Check
    default: Any = REQUIRED
    """What an absent member (or null) becomes; REQUIRED refuses both."""


class Mistakes(Refusal):
    """What came in is not what it should be: a 400 with all the sentences."""

    def __init__(self, sentences: Iterable[str]) -> None:
        super().__init__(400, *sentences)


def read(value: Json, members: Mapping[str, Member], *, strangers: bool = False) -> dict[str, Any]:
    """The members of an object, checked; `strangers` says whether unknown ones are let through unread."""
    if not isinstance(value, dict):
        raise Mistakes(["must be an object"])
    sentences = [] if strangers else [_unknown(name, members) for name in value if name not in members]
    found = {}
    for name, member in members.items():
        try:
            found[name] = _member(name, value.get(name), member)
        except ValueError as error:
            sentences.append(str(error))
    if sentences:
        raise Mistakes(sentences)
    return found


def _unknown(name: str, members: Mapping[str, Member]) -> str:
    close = get_close_matches(name, members, n=1)
    return f"unknown member {name!r}" + (f", did you mean {close[0]!r}?" if close else f"; known: {', '.join(members)}")


def _member(name: str, value: Json, member: Member) -> Any:
    if value is not None:
        return member.check(name, value)
    if member.default is REQUIRED:
        raise ValueError(f"{name} is missing")
    return member.default


def text(*, least: int = 0, most: int | None = None) -> Check:
    def check(name: str, value: Json) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text")
        if len(value) < least:
            raise ValueError(f"{name} must not be empty")
        if most is not None and len(value) > most:
            raise ValueError(f"{name} must have at most {most} characters, but has {len(value)}")
        return value

    return check


def number(*, least: float = 0, most: float = MOST, whole: bool = False) -> Check:
    kind, kinds = ("whole number", int) if whole else ("number", int | float)
    span = f"from {least} to {most}" if most < MOST else f"of at least {least}"

    def check(name: str, value: Json) -> float:
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise ValueError(f"{name} must be a {kind} {span}")
        return value

    return check


def flag(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def one_of(*values: str) -> Check:
    def check(name: str, value: Json) -> str:
        if value not in values:
            raise ValueError(f"{name} must be one of: {', '.join(values)}")
        return str(value)

    return check


def each(inner: Check, *, least: int = 0) -> Check:
    def check(name: str, value: Json) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise ValueError(f"{name} must be a list" + (f" of at least {least}" if least else ""))
        return _all_of(inner, name, value)

    return check


def _all_of(inner: Check, name: str, items: list[Json]) -> tuple[Any, ...]:
    kept, sentences = [], []
    for place, item in enumerate(items):
        try:
            kept.append(inner(f"{name}[{place}]", item))
        except ValueError as error:
            sentences.append(str(error))
    if sentences:
        raise ValueError("; ".join(sentences))
    return tuple(kept)


def object_of(members: Mapping[str, Member], *, strangers: bool = False) -> Check:
    def check(name: str, value: Json) -> dict[str, Any]:
        try:
            return read(value, members, strangers=strangers)
        except Mistakes as mistakes:
            raise ValueError(f"{name}: {mistakes}") from None

    return check


def texts_by_name(name: str, value: Json) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError(f"{name} must be an object of texts")
    return value


def anything(name: str, value: Json) -> Json:
    return value


def moment(name: str, value: Json) -> datetime:
    """ISO 8601 in UTC, with or without its designator: the guide leaves that open."""
    try:
        if not MOMENT.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be ISO 8601 in UTC, such as 2030-01-31T12:00:00.000Z") from None


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sent_json(ask: Ask) -> Json:
    """The JSON body of an API request, which must say that it is JSON."""
    if ask.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(400, "Send the body with Content-Type: application/json")
    try:
        return load(ask.body)
    except ValueError as error:
        raise Refusal(400, f"The body is not valid JSON: {error}") from None


def load(raw: bytes) -> Json:
    """JSON as RFC 8259 has it; ValueError says what is wrong."""
    try:
        value = json.loads(raw.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    # Half of a surrogate pair can be written as an escape, but it is no text: nothing could show or send it again.
    if rb"\ud" in raw.lower():
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
