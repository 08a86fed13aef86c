"""All filters of the language, by the names that mappings use."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeAlias

from bridge.expressions import list_filters, number_filters, phone, phone_filters, text_filters, time_filters
from bridge.expressions.missing import Missing, refuse_missing

Function: TypeAlias = Callable[..., Any]


def strict(function: Function) -> Function:
    """Refuse what is missing before `function` sees it."""

    @wraps(function)
    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        if type(value) is Missing:
            value.fail()
        if args or kwargs:
            refuse_missing(*args, *kwargs.values())
        return function(value, *args, **kwargs)

    return call


def cleared(function: Function) -> Function:
    """Null for null and for empty text: a field that was cleared in the CRM stays cleared, and `on_empty` acts."""

    @wraps(function)
    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        return None if value is None or value == "" else function(value, *args, **kwargs)

    return call


KEEP_CLEARED: Mapping[str, Function] = {
    "add_days": time_filters.add_days,
    "capitalize": text_filters.capitalize,
    "date": time_filters.date,
    "digits": phone_filters.digits,
    "e164": phone_filters.e164,
    "in_zone": time_filters.in_zone,
    "iso8601": time_filters.iso8601,
    "lower": text_filters.lower,
    "mask": text_filters.mask,
    "money": number_filters.money,
    "national": phone_filters.national,
    "phone": phone_filters.phone,
    "replace": text_filters.replace,
    "slug": text_filters.slug,
    "title": text_filters.title,
    "trim": text_filters.trim,
    "truncate": text_filters.truncate,
    "upper": text_filters.upper,
}

OTHERS: Mapping[str, Function] = {
    "abs": number_filters.absolute,
    "column": list_filters.column,
    "count": list_filters.length,
    "first": list_filters.first,
    "float": number_filters.floating,
    "int": number_filters.whole,
    "join": list_filters.join,
    "json": text_filters.json,
    "last": list_filters.last,
    "length": list_filters.length,
    "list": list_filters.listed,
    "lookup": list_filters.lookup,
    "map": list_filters.mapped,
    "max": list_filters.largest,
    "min": list_filters.smallest,
    "number": number_filters.number,
    "reverse": list_filters.reverse,
    "round": number_filters.rounded,
    "sha256": text_filters.sha256,
    "sort": list_filters.ordered,
    "string": text_filters.string,
    "sum": list_filters.total,
    "unique": list_filters.unique,
    "urlencode": text_filters.urlencode,
}

FILTERS: Mapping[str, Function] = {
    **{name: strict(cleared(function)) for name, function in KEEP_CLEARED.items()},
    **{name: strict(function) for name, function in OTHERS.items()},
    # The two that exist to be given what is missing.
    "d": list_filters.default,
    "default": list_filters.default,
}

CHECKED_AT_LOAD: Mapping[str, Callable[[object], None]] = {
    "date": time_filters.check_format,
    "in_zone": time_filters.check_zone,
    "phone": phone.check_region,
}
"""What a first argument that is written out must be, told when the mapping is loaded."""
