"""The access token that all threads share: fetched by one of them, and renewed before its end by one of them."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bridge.errors import BridgeError, TokenRefused
from bridge.model import Answer, Json

RENEW_BEFORE = timedelta(seconds=60)
ASSUMED_LIFETIME_S = 300.0
"""Where the token service names none."""
LONGEST_LIFETIME_S = 86_400.0

HINT = "check ALVARIA_CLIENT_ID, ALVARIA_CLIENT_SECRET, ALVARIA_SCOPES, ALVARIA_ORG_ID and ALVARIA_TOKEN_URL"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A bearer token and its time."""

    text: str = field(repr=False)
    scopes: tuple[str, ...]
    fetched_at: datetime
    renew_at: datetime
    ends_at: datetime


class Tokens:
    """Asks `fetch` for a token when one is needed, never twice at a time."""

    def __init__(self, fetch: Callable[[], Token], *, now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._coming: Future[Token] | None = None

    def get(self) -> Token:
        """A valid token. While one thread renews it the others go on with the old one, and wait if there is none."""
        now = self._now()
        with self._lock:
            token = self._token
            if token and now < token.renew_at:
                return token
            coming, is_ours = self._coming or Future(), self._coming is None
            self._coming = coming
        if is_ours:
            self._renew(coming)
        elif token and now < token.ends_at:
            return token
        return coming.result()

    def _renew(self, coming: Future[Token]) -> None:
        """Fulfil `coming` for all who wait for it: with the new token, or with the reason why there is none."""
        try:
            token = self._fetch_or_keep()
        except BaseException as error:
            with self._lock:
                self._coming = None
            coming.set_exception(error)
            return
        with self._lock:
            self._token, self._coming = token, None
        coming.set_result(token)

    def _fetch_or_keep(self) -> Token:
        try:
            return self._fetch()
        except BridgeError:
            # Read only now: it may have been dropped meanwhile.
            old, now = self._token, self._now()
            if not old or now >= old.ends_at:
                raise
            # Not for each request anew: the token service may need its whole time-out to say nothing.
            return replace(old, renew_at=now + (old.ends_at - now) / 2)

    def drop(self, token: Token) -> None:
        """The API does not take `token` any more. Another thread may have brought a newer one already."""
        with self._lock:
            if self._token and self._token.text == token.text:
                self._token = None

    def age_s(self) -> float | None:
        """How old the current token is; None where there is none."""
        token = self._token
        return (self._now() - token.fetched_at).total_seconds() if token else None


def read_token(answer: Answer, host: str, asked_at: datetime, *, hint: str = "") -> Token:
    """The token in an answer of the token service (RFC 6749, 5.1); TokenRefused, with `hint` or ours, for all else."""
    text = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if answer.status != 200:
        why = f"status {answer.status}{_code(answer)}"
        raise TokenRefused(f"the token service at {host} refuses us ({why}); {hint or HINT}")
    # What is no plain text would break the header that carries it.
    if not isinstance(text, str) or not re.fullmatch(r"[\x21-\x7e]+", text):
        words = hint or "check ALVARIA_TOKEN_URL"
        raise TokenRefused(f"the token service at {host} answered without a token; {words}")
    lifetime = timedelta(seconds=_lifetime_s(answer.body.get("expires_in")))
    ends_at = asked_at + lifetime
    return Token(
        text=text,
        scopes=tuple(str(answer.body.get("scope") or "").split()),
        fetched_at=asked_at,
        renew_at=ends_at - min(RENEW_BEFORE, lifetime / 2),
        ends_at=ends_at,
    )


def _code(answer: Answer) -> str:
    """RFC 6749, 5.2: one of a few fixed words, such as invalid_client."""
    code = answer.body.get("error") if isinstance(answer.body, dict) else None
    return f", {code}" if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""


def _lifetime_s(given: Json) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d*)?", str(given), re.ASCII):
        return ASSUMED_LIFETIME_S
    return min(float(given), LONGEST_LIFETIME_S)
