"""A refused batch, taken apart until every item is accepted, or refused alone with the API's own words; pure.

For one poison among n at most 2·⌈log2 n⌉ + 1 more requests, for any number of them fewer than 2·n: no part is sent
twice, and what must hold a poison, since the rest of a refused part was accepted, is not sent as a whole. Only a single
item is ever called poison, whatever was inferred before. What the answer names is tried apart until that was wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.model import Json


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is sent together; never empty."""

    items: tuple[int, ...]
    known_bad: bool = False
    """What is left of a refused part whose other items were accepted."""
    is_rest: bool = False
    """It will be known as bad if the part before it is accepted."""
    is_named: bool = False
    """The API's words pointed at it."""


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How far it has come. It can be stopped after any answer: what is left is undecided, and no worse for it."""

    todo: tuple[Part, ...]
    accepted: tuple[int, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    """Each poison with the API's words."""
    believes: bool = True
    """False as soon as something that was named has been accepted."""

    @property
    def undecided(self) -> tuple[int, ...]:
        return tuple(sorted(item for part in self.todo for item in part.items))


def split(count: int, message: str, named: Sequence[int] = ()) -> Splitting:
    """Begin, after the items 0 to count - 1 were refused together."""
    return refuse(Splitting(todo=(Part(items=tuple(range(count))),)), message, named)


def next_part(splitting: Splitting) -> Part | None:
    """What to send next; None when all is decided."""
    return splitting.todo[0] if splitting.todo else None


def accept(splitting: Splitting) -> Splitting:
    """The API has taken the part."""
    part, *others = splitting.todo
    if others and others[0].is_rest:
        others[0] = replace(others[0], known_bad=True, is_rest=False)
    return replace(
        splitting,
        todo=_opened(others),
        accepted=splitting.accepted + part.items,
        believes=splitting.believes and not part.is_named,
    )


def refuse(splitting: Splitting, message: str, named: Sequence[int] = ()) -> Splitting:
    """The API has refused the part; `named` are the places in it that its words point at."""
    part, *others = splitting.todo
    if others:
        others[0] = replace(others[0], is_rest=False)
    if len(part.items) == 1:
        poison = (part.items[0], message)
        return replace(splitting, todo=tuple(others), refused=(*splitting.refused, poison))
    return replace(splitting, todo=(*_pieces(part, named if splitting.believes else ()), *others))


def _opened(todo: Sequence[Part]) -> tuple[Part, ...]:
    """The first part is one to send: to send a bad one as a whole would tell nothing."""
    if todo and todo[0].known_bad and len(todo[0].items) > 1:
        return (*_pieces(todo[0], ()), *todo[1:])
    return tuple(todo)


def _pieces(part: Part, named: Sequence[int]) -> tuple[Part, Part]:
    """What was named and the rest; or two halves, where nothing was or so much that halving finds it sooner."""
    count = len(part.items)
    chosen = {place for place in named if 0 <= place < count}
    is_named = 0 < len(chosen) <= count / 2
    if not is_named:
        chosen = set(range(count // 2))
    first = tuple(item for place, item in enumerate(part.items) if place in chosen)
    rest = tuple(item for place, item in enumerate(part.items) if place not in chosen)
    return Part(items=first, is_named=is_named), Part(items=rest, is_rest=True)


PLACE = re.compile(r"\b([A-Za-z]\w*)(?:\[|[./])([0-9]{1,6})\b")
"""`settings[3]`, and the same as `settings.3` or `settings/3`."""
SHORTEST_NAME = 2


def named_in(message: str, bodies: Sequence[Json]) -> tuple[int, ...]:
    """Which of the bodies, sent together in this order, the message points at: by place, or by a value of theirs."""
    places = {_owner(name, int(place), bodies) for name, place in PLACE.findall(message)} - {None}
    return tuple(sorted(place for place in places or _by_value(message, bodies) if place is not None))


def _owner(name: str, place: int, bodies: Sequence[Json]) -> int | None:
    """Whose element it is, when the lists of that name stand one after another."""
    for number, body in enumerate(bodies):
        found = body.get(name) if isinstance(body, Mapping) else None
        size = len(found) if isinstance(found, list) else 0
        if place < size:
            return number
        place -= size
    return None


def _by_value(message: str, bodies: Sequence[Json]) -> set[int]:
    """Those that have all the values in the message that most others have not; or one of them, if none has all."""
    owners: dict[str, set[int]] = {}
    for number, body in enumerate(bodies):
        for value in _values(body):
            if value in message:
                owners.setdefault(value, set()).add(number)
    telling = [found for value, found in owners.items() if len(found) <= len(bodies) / 2 and _is_in(value, message)]
    return (set.intersection(*telling) or set.union(*telling)) if telling else set()


def _values(body: Json) -> Iterator[str]:
    """All texts of an object, however deep."""
    if isinstance(body, str) and len(body) >= SHORTEST_NAME:
        yield body
    inner = body.values() if isinstance(body, Mapping) else body if isinstance(body, list) else ()
    for value in inner:
        yield from _values(value)


def _is_in(value: str, message: str) -> bool:
    """As a word of its own."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", message) is not None


QUOTED = re.compile(r"""«[^»]*»|“[^”]*”|"[^"]*"|`[^`]*`|(?<!\w)'(?:[^']|\b'\b)*'(?!\w)""")
VARYING = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+|[\w+-]*[0-9][\w+-]*(?:[.:,][\w+-]*[0-9][\w+-]*)*")
SENTENCE = re.compile(r"(?<=[.;!?])\s+")


def fingerprint(message: str) -> str:
    """The message without numbers, ids and quoted values, each sentence once: equal for equal causes."""
    bare = VARYING.sub("#", QUOTED.sub("…", message))
    sentences = (" ".join(sentence.split()).rstrip(".;!? ") for sentence in SENTENCE.split(bare))
    return "; ".join(dict.fromkeys(sentence for sentence in sentences if sentence))
