"""'7d' -> timedelta: how mappings and settings write a length of time."""

import re
from datetime import timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
WRITTEN = re.compile(r"([1-9][0-9]{0,8})([smhdw])", re.ASCII)
LONGEST = timedelta(days=3_660)


def parse_duration(text: object) -> timedelta:
    """Raise ValueError, saying how to write it, for anything else than one number with one unit."""
    found = WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("not a length of time; write a whole number and a unit, such as 60s, 30m, 12h, 7d or 2w")
    try:
        length = timedelta(**{UNITS[found[2]]: int(found[1])})
    except OverflowError:
        length = timedelta.max
    if length > LONGEST:
        raise ValueError("longer than ten years; write a shorter time")
    return length


def in_words(length: timedelta) -> str:
    """timedelta(days=365) -> '365d', for messages."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds > size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
