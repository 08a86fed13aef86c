"""What is not there: neither null nor empty, and an error for whoever uses it untested."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NoReturn

from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError


class Absent(Enum):
    """The type of MISSING, so that a type checker can tell it from the values."""

    MISSING = "missing"


MISSING: Final = Absent.MISSING
"""What `Template.or_missing` gives where there is no value."""


class Missing(StrictUndefined):
    """A missing value inside an expression; it knows the path that led nowhere."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"{self._undefined_name} is missing; test it with 'is defined' or give it a default(…)"

    def fail(self) -> NoReturn:
        raise UndefinedError(self._undefined_message)


def refuse_missing(*values: Any) -> None:
    for value in values:
        if type(value) is Missing:
            value.fail()


def member(owner: Any, key: Any, path: str) -> Any:
    """An item and never an attribute, so `record.items` is a field; a member of something missing is missing."""
    if type(owner) is Missing:
        return owner
    if type(key) is Missing:
        key.fail()
    # First what nearly all owners are: whether something is a Mapping takes long to tell.
    by_key = type(owner) is dict or isinstance(owner, Mapping) or (isinstance(owner, list) and type(key) is int)
    if not by_key:
        return Missing(name=path)
    try:
        return owner[key]
    except (LookupError, TypeError):
        return Missing(name=path)
