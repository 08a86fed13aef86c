"""(status, headers, body) -> Answer: what the API said, whatever it said it in."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from bridge.alvaria.limit_headers import read_limits, read_moment
from bridge.model import Answer, Json

MAX_MESSAGE = 500
MOST_TEXT = 10_000
"""How much of a page is looked through for its words: it is a stranger's, and may be made to keep us busy."""
UNSEEN = re.compile(r"<(script|style|head)\b[^<>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")


def read_answer(status: int, headers: Mapping[str, str], body: bytes, took_s: float) -> Answer:
    """Never raises: an answer that cannot be read is still an answer with a status."""
    content = _content(body)
    return Answer(
        status=status,
        # A server's cookies are credentials of a kind, and of no use to us.
        headers={name.lower(): value for name, value in headers.items() if name.lower() != "set-cookie"},
        body=content,
        message="" if 200 <= status < 300 else _message(content),
        took_s=took_s,
    )


def _content(body: bytes) -> Json:
    """JSON where it is some, the text otherwise; None where nothing came."""
    if not body.strip():
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(body, parse_constant=_refuse)
    return body.decode("utf-8", errors="replace")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _message(content: Json) -> str:
    """The API's own words about a refusal, in one line."""
    words = " ".join(dict.fromkeys(_words(content)))
    shown = "".join(character if character.isprintable() else " " for character in words)
    line = " ".join(shown.split())
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def _words(content: Json) -> Iterator[str]:
    """Of both shapes of an error: bare (Context Cookies, Disposable App) and wrapped in `error` (Campaign)."""
    if isinstance(content, str):
        yield html.unescape(TAG.sub(" ", UNSEEN.sub(" ", content[:MOST_TEXT])))
    if not isinstance(content, dict):
        return
    inner = content.get("error")
    error = inner if isinstance(inner, dict) else content
    yield from _sentence(error.get("message"), inner, error.get("error_description"))
    single = error.get("errors")
    for mistake in single if isinstance(single, list) else []:
        if isinstance(mistake, dict):
            yield from _sentence(mistake.get("message"), mistake.get("reason"))


def _sentence(*candidates: Json) -> Iterator[str]:
    """The first that is text, ended with a full stop unless it has an end."""
    for text in candidates:
        if isinstance(text, str) and text.strip():
            trimmed = text.strip()
            yield trimmed if trimmed[-1] in ".!?" else f"{trimmed}."
            return


def retry_after(answer: Answer, now: datetime) -> datetime | None:
    """When the API wants to hear from us again: RFC 9110, or the rate limit's end where it is used up."""
    headers = {name.lower(): value.strip() for name, value in answer.headers.items()}
    at = read_moment(headers.get("retry-after"), now)
    if at is None and answer.status == 429:
        seen = read_limits(answer, now)
        return seen.resets_at if seen and not seen.remaining else None
    return at
