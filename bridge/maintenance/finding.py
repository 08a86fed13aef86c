"""What the doctor says of one thing that it has looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at; `state` is ok, warning or failed."""

    what: str
    state: str
    words: str
