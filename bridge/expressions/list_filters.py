"""Filters over lists and maps, and `default`."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from bridge.errors import ExpressionError
from bridge.expressions.arithmetic import compute
from bridge.expressions.missing import Missing, member, refuse_missing
from bridge.expressions.values import as_json, as_text, exact, kind, refuse_long_text

NO_DEFAULT: Any = object()
KEYS_SHOWN = 10


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Another value for what is missing; with `true` as second, also for what is null, empty or false.

    `{{ {}.tier | default('standard') }}` → `standard`
    """
    if type(value) is Missing or (boolean and not value):
        return default_value
    return value


def lookup(value: Any, table: Mapping[Any, Any], default: Any = NO_DEFAULT) -> Any:
    """The entry of a table, compared as text, null as empty text; without a default, what is not there is an error.

    `{{ 1 | lookup({'1': 'gold', '2': 'silver'}, 'standard') }}` → `gold`
    """
    if not isinstance(table, Mapping):
        raise ExpressionError(f"lookup wants a table, not {kind(table)}")
    key = "" if value is None else as_text(value)
    if key in table:
        return table[key]
    for own, entry in table.items():
        if not isinstance(own, str) and as_text(own) == key:
            return entry
    if default is NO_DEFAULT:
        raise ExpressionError(f"the table has no such key; give a default, or add it to {_shown(table)}")
    return default


def _shown(table: Mapping[Any, Any]) -> str:
    keys = [as_text(key) for key in list(table)[:KEYS_SHOWN]]
    return ", ".join(keys) + (", …" if len(table) > KEYS_SHOWN else "") if keys else "the table, which is empty"


def join(value: Any, separator: str = "") -> str:
    """One text of all items.

    `{{ ['tier', 'score'] | join(', ') }}` → `tier, score`
    """
    parts = [as_text(item) for item in _list(value, "join")]
    refuse_long_text(sum(map(len, parts)) + len(parts) * len(separator))
    return separator.join(parts)


def concatenate(parts: list[Any]) -> str:
    """What the sign ~ does."""
    refuse_missing(*parts)
    texts = [as_text(part) for part in parts]
    refuse_long_text(sum(map(len, texts)))
    return "".join(texts)


def length(value: Any) -> int:
    """How many characters, items or members.

    `{{ ['a', 'b'] | length }}` → `2`
    """
    if not isinstance(value, str | list | Mapping):
        raise ExpressionError(f"length wants text, a list or a map, not {kind(value)}")
    return len(value)


def first(value: Any) -> Any:
    """The first item or character; of an empty list it is missing.

    `{{ ['a', 'b'] | first }}` → `a`
    """
    items = _text_or_list(value, "first")
    return items[0] if items else Missing(name="the first of an empty list")


def last(value: Any) -> Any:
    """The last item or character; of an empty list it is missing.

    `{{ ['a', 'b'] | last }}` → `b`
    """
    items = _text_or_list(value, "last")
    return items[-1] if items else Missing(name="the last of an empty list")


def listed(value: Any) -> list[Any]:
    """A list of the characters of a text, or of the keys of a map.

    `{{ {'tier': 1, 'score': 2} | list | join('+') }}` → `tier+score`
    """
    return list(value) if isinstance(value, str | Mapping) else _list(value, "list")


def reverse(value: Any) -> Any:
    """From the end to the beginning.

    `{{ ['a', 'b'] | reverse | join }}` → `ba`
    """
    return _text_or_list(value, "reverse")[::-1]


def ordered(value: Any, reverse: bool = False, attribute: str | None = None) -> list[Any]:
    """In order, capital and small letters alike; maps by one of their members.

    `{{ ['b', 'A', 'c'] | sort | join }}` → `Abc`
    """

    def rank(item: Any) -> Any:
        by = item if attribute is None else mapped([item], attribute=attribute)[0]
        return by.casefold() if isinstance(by, str) else exact(by)

    return sorted(_list(value, "sort"), key=rank, reverse=reverse)


def unique(value: Any) -> list[Any]:
    """Each item once, where it first stands.

    `{{ ['b', 'a', 'b'] | unique | join }}` → `ba`
    """
    found: dict[str, Any] = {}
    for item in _list(value, "unique"):
        found.setdefault(as_json(item), item)
    return list(found.values())


def smallest(value: Any) -> Any:
    """The smallest item; of an empty list it is missing.

    `{{ [3, 1, 2] | min }}` → `1`
    """
    return min(_list(value, "min"), key=exact, default=Missing(name="the smallest of an empty list"))


def largest(value: Any) -> Any:
    """The largest item; of an empty list it is missing.

    `{{ [3, 1, 2] | max }}` → `3`
    """
    return max(_list(value, "max"), key=exact, default=Missing(name="the largest of an empty list"))


def total(value: Any) -> Any:
    """The sum of numbers; of an empty list 0.

    `{{ [0.1, 0.2, 3] | sum }}` → `3.3`
    """
    return reduce(lambda so_far, item: compute("+", so_far, item), _list(value, "sum"), 0)


def mapped(value: Any, *, attribute: str, default: Any = NO_DEFAULT) -> list[Any]:
    """One member of each item.

    `{{ [{'name': 'Ada'}, {'name': 'Bo'}] | map(attribute='name') | join(' ') }}` → `Ada Bo`
    """
    found = [member(item, attribute, f"{attribute} of an item") for item in _list(value, "map")]
    if default is not NO_DEFAULT:
        return [default if type(item) is Missing else item for item in found]
    refuse_missing(*found)
    return found


def column(value: Any, member_name: str | int, key: str | None = None) -> dict[str, Any]:
    """A map of one member of each of a map's members; of a list's, by the member `key`. Who has none is left out.

    `{{ [{'field': 'tier', 'was': 1}, {'field': 'new'}] | column('was', key='field') | json }}` → `{"tier":1}`
    """
    if key is None and not isinstance(value, Mapping):
        raise ExpressionError(f"column wants a map, or a list and key=…, not {kind(value)} alone")
    items = value.items() if isinstance(value, Mapping) else _by_key(_list(value, "column"), key)
    found = {name: member(item, member_name, f"{member_name} of {name}") for name, item in items}
    return {name: item for name, item in found.items() if type(item) is not Missing}


def _by_key(items: list[Any], key: str | None) -> list[tuple[str, Any]]:
    named = [(member(item, key, f"{key} of an item"), item) for item in items]
    refuse_missing(*(name for name, _ in named))
    return [(as_text(name), item) for name, item in named]


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ExpressionError(f"{name} wants a list, not {kind(value)}")
    return value


def _text_or_list(value: Any, name: str) -> Any:
    return value if isinstance(value, str) else _list(value, name)
