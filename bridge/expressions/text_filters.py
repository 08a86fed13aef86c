"""Filters over text; whatever is not text is taken as the text that it would be in a cookie."""

import hashlib
import re
import unicodedata
from typing import Any
from urllib.parse import quote

from bridge.errors import ExpressionError
from bridge.expressions import values
from bridge.expressions.values import as_text, refuse_long_text

WORD = re.compile(r"[^\s({\[<-]+")
NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
MASK_KEEPS = 4


def string(value: Any) -> str:
    """The value as text.

    `{{ 7 | string == '7' }}` → `true`
    """
    return as_text(value)


def lower(value: Any) -> str:
    """Small letters.

    `{{ 'ADA' | lower }}` → `ada`
    """
    return as_text(value).lower()


def upper(value: Any) -> str:
    """Capital letters.

    `{{ 'ada' | upper }}` → `ADA`
    """
    return as_text(value).upper()


def title(value: Any) -> str:
    """Each word with a capital.

    `{{ "ada o'hara-king" | title }}` → `Ada O'hara-King`
    """
    return WORD.sub(lambda word: word[0].capitalize(), as_text(value))


def capitalize(value: Any) -> str:
    """The first letter a capital, the others small.

    `{{ 'hot LEAD' | capitalize }}` → `Hot lead`
    """
    return as_text(value).capitalize()


def trim(value: Any, characters: str | None = None) -> str:
    """Without blanks, or the characters given, at both ends.

    `{{ '  Ada ' | trim }}` → `Ada`
    """
    return as_text(value).strip(characters)


def replace(value: Any, old: str, new: str) -> str:
    """Every `old` made `new`.

    `{{ '1.234,50' | replace('.', '') | replace(',', '.') }}` → `1234.50`
    """
    text = as_text(value)
    refuse_long_text(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def truncate(value: Any, length: int) -> str:
    """Cut to so many characters; nothing is added.

    `{{ 'Anytown' | truncate(3) }}` → `Any`
    """
    if not isinstance(length, int) or length < 0:
        raise ExpressionError("truncate wants a length in characters, 0 or more")
    return as_text(value)[:length]


def mask(value: Any) -> str:
    """Only the last four characters can be read; of up to four, none.

    `{{ '4111111111111111' | mask }}` → `************1111`
    """
    text = as_text(value)
    shown = text[-MASK_KEEPS:] if len(text) > MASK_KEEPS else ""
    return shown.rjust(len(text), "*")


def slug(value: Any) -> str:
    """Small letters a to z, digits and single hyphens; what has no such letter is left out.

    `{{ 'Crème Brûlée, 2 Straßen' | slug }}` → `creme-brulee-2-strassen`
    """
    plain = unicodedata.normalize("NFKD", as_text(value).casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return NOT_IN_SLUG.sub("-", letters).strip("-")


def urlencode(value: Any) -> str:
    """Fit for one part of a URL.

    `{{ 'a b/ü' | urlencode }}` → `a%20b%2F%C3%BC`
    """
    return quote(as_text(value), safe="")


def sha256(value: Any) -> str:
    """SHA-256 of the text in UTF-8, in hex.

    `{{ 'ada' | sha256 | truncate(8) }}` → `fdee430d`
    """
    return hashlib.sha256(as_text(value).encode()).hexdigest()


def json(value: Any) -> str:
    """Compact JSON, members in their order.

    `{{ {'tier': 1, 'tags': ['a', null]} | json }}` → `{"tier":1,"tags":["a",null]}`
    """
    return values.as_json(value)
