"""(status, headers, body) -> Answer: what the API said, whatever it said it in."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bridge.model import Answer, Json

MAX_MESSAGE = 500
LONGEST_WAIT = timedelta(days=1)
"""Who asks for more is mistaken; we ask again the next day."""

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
    at = _moment(headers.get("retry-after"), now)
    if at is None and answer.status == 429:
        at = _rate_limit_end(headers, now)
    return at and max(now, min(at, now + LONGEST_WAIT))


def _rate_limit_end(headers: Mapping[str, str], now: datetime) -> datetime | None:
    # Developer's Guide v3.0, Rate Limiting: the headers' names are not given, so both usual families are read.
    for family in ("x-ratelimit", "ratelimit"):
        if headers.get(f"{family}-remaining", "0") == "0" and (at := _moment(headers.get(f"{family}-reset"), now)):
            return at
    return None


def _moment(text: str | None, now: datetime) -> datetime | None:
    """Seconds from now, seconds or milliseconds since 1970, or a date as HTTP writes it; None for anything else."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        return _from_number(float(text), now)
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None


def _from_number(number: float, now: datetime) -> datetime:
    # A wait of thirty years is a point in time.
    if number >= 1e12:
        number /= 1000
    if number >= 1e9:
        number -= now.timestamp()
    return now + timedelta(seconds=max(0.0, min(number, LONGEST_WAIT.total_seconds())))
