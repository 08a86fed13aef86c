"""The environment -> one frozen Settings; all mistakes at once, each by the name of its variable."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import load_dotenv
from environs import Env, EnvValidationError, ValidationError

from bridge.alvaria.limits import Limits
from bridge.duration import parse_duration
from bridge.errors import BadSettings

SCOPES = "customerexperienceapi outreachapi"
SANDBOX_URL = "http://127.0.0.1:8090"
SANDBOX = {
    "ALVARIA_ORG_ID": "sandbox",
    "ALVARIA_CLIENT_ID": "context-bridge",
    "ALVARIA_CLIENT_SECRET": "sandbox-secret",
    "ALVARIA_API_KEY": "sandbox-key",
}
"""What the sandbox accepts; see the sandbox's own description."""

OURS = ("ALVARIA_", "BRIDGE_", "DATABASE_URL", "PORT")
"""How the names of our variables begin."""

MAKE_A_KEY = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


@dataclass(frozen=True, kw_only=True)
class Alvaria:
    """Where the API is and how it knows us."""

    org_id: str
    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    scopes: str
    base_url: str
    token_url: str
    connect_timeout_s: float
    read_timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How long a delivery is tried, and how often; and when something waits as a whole."""

    base_s: float = 2
    cap_s: float = 300
    give_up_s: float = 24 * 3600
    configuration_s: float = 60
    breaker_failures: int = 5
    """So many one after another pause a category of endpoints."""
    refusals_before_pause: int = 20
    """So many equal ones pause a rule."""
    doubt_s: float = 120
    """How late a request without an answer may still be carried out: its longest time, a lease, and a margin."""
    rate_limit: int = 0
    """Requests in `rate_window_s` for each category of endpoints; 0: as many as Alvaria takes."""
    rate_window_s: float = 60
    senders: int = 4
    """Requests that one worker has out at the same time."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much may wait in one web process until it is on the disk; what comes then is turned away at once."""

    webhooks: int = 48  # fewer than gunicorn's threads: the others answer, and say that the process is alive
    bytes: int = 32 * 1024 * 1024
    wait_s: float = 5  # for the oldest; many CRMs wait no longer themselves

    def lack(self, *, webhooks: int, size: int, oldest_s: float) -> str | None:
        """What there is too much of to take more in; None while there is room."""
        if webhooks >= self.webhooks:
            return f"{webhooks} webhooks are waiting"
        if size >= self.bytes:
            return f"{size} bytes are waiting"
        return f"a webhook has been waiting for {oldest_s:.0f} s" if oldest_s >= self.wait_s else None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that the environment says."""

    alvaria: Alvaria | None
    """None where the command does not speak to the API."""
    sandbox: bool
    database_url: str = field(repr=False)
    mappings: Path
    public_url: str
    """What senders see, without a final slash; empty: what the request says."""
    trusted_proxies: int
    port: int
    max_body_bytes: int
    room: Room
    limits: Limits
    policy: Policy
    lease_s: float
    """A worker that has not been heard of for so long has ended, and its work is given to others."""
    secret_key: str = field(repr=False)
    starts_at: datetime | None
    """What the clock shows at the start; for recorded requests."""
    environ: Mapping[str, str] = field(repr=False)
    """Where sources find the secrets that they name."""

    @property
    def target(self) -> str:
        """What a database is bound to."""
        where = "the sandbox" if self.sandbox else getattr(self.alvaria, "base_url", "")
        return f"{where}, organisation {getattr(self.alvaria, 'org_id', '')}"


def load(*, needs_alvaria: bool = True) -> Settings:
    """Read .env and the environment; raise BadSettings with every mistake."""
    load_dotenv(Path(".env"))
    _drop_empty()
    env = Env(eager=False)
    sandbox = bool(env.bool("BRIDGE_SANDBOX", False))
    found: dict[str, Any] = {
        "sandbox": sandbox,
        "alvaria": _alvaria(env, sandbox=sandbox) if sandbox or needs_alvaria else None,
        **{name: read(env) for name, read in READ.items()},
        "limits": _limits(env),
        "room": Room(
            webhooks=env.int("BRIDGE_MAX_WAITING_WEBHOOKS", Room.webhooks, validate=_at_least(1)),
            bytes=env.int("BRIDGE_MAX_WAITING_BYTES", Room.bytes, validate=_at_least(1)),
            wait_s=env.float("BRIDGE_MAX_WAIT_S", Room.wait_s, validate=_at_least(0.1)),
        ),
        "policy": Policy(
            base_s=env.float("BRIDGE_RETRY_BASE_S", Policy.base_s, validate=_at_least(0)),
            cap_s=env.float("BRIDGE_RETRY_CAP_S", Policy.cap_s, validate=_at_least(0)),
            give_up_s=env.float("BRIDGE_GIVE_UP_S", Policy.give_up_s, validate=_at_least(0)),
            configuration_s=env.float("BRIDGE_CONFIGURATION_RETRY_S", Policy.configuration_s, validate=_at_least(0)),
            breaker_failures=env.int("BRIDGE_BREAKER_FAILURES", Policy.breaker_failures, validate=_at_least(1)),
            refusals_before_pause=env.int(
                "BRIDGE_REFUSALS_BEFORE_PAUSE", Policy.refusals_before_pause, validate=_at_least(1)
            ),
            doubt_s=env.float("BRIDGE_DOUBT_S", Policy.doubt_s, validate=_at_least(0)),
            rate_limit=env.int("BRIDGE_RATE_LIMIT", Policy.rate_limit, validate=_at_least(0)),
            rate_window_s=env.float("BRIDGE_RATE_WINDOW_S", Policy.rate_window_s, validate=_at_least(0.001)),
            senders=env.int("BRIDGE_SENDERS", Policy.senders, validate=_at_least(1)),
        ),
    }
    mistakes = [*_mistakes(env), *_contradictions(found, needs_alvaria=needs_alvaria)]
    if mistakes:
        raise BadSettings(tuple(mistakes))
    return Settings(**found, environ=dict(os.environ))


def _drop_empty() -> None:
    """`NAME=` says no more than leaving the line out."""
    for name in [name for name, value in os.environ.items() if not value.strip() and name.startswith(OURS)]:
        del os.environ[name]


def _at_least(least: float) -> Callable[[float], None]:
    def check(value: float) -> None:
        if value < least:
            raise ValidationError(f"must be {least} or more")

    return check


def _is_url(value: str) -> None:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise ValidationError("must be a URL such as https://bridge.example.com")


READ: dict[str, Callable[[Env], Any]] = {
    "database_url": lambda env: database_url(env.str("DATABASE_URL", "") or ""),
    "mappings": lambda env: env.path("BRIDGE_MAPPINGS", Path("mappings")),
    "public_url": lambda env: (env.str("BRIDGE_PUBLIC_URL", "", validate=_is_url) or "").rstrip("/"),
    "trusted_proxies": lambda env: env.int("BRIDGE_TRUSTED_PROXIES", 0, validate=_at_least(0)),
    "port": lambda env: env.int("PORT", 8080, validate=_at_least(0)),
    "max_body_bytes": lambda env: env.int("BRIDGE_MAX_BODY_BYTES", 2 * 1024 * 1024, validate=_at_least(1)),
    "lease_s": lambda env: env.float("BRIDGE_LEASE_S", 30, validate=_at_least(5)),
    "secret_key": lambda env: env.str("BRIDGE_SECRET_KEY", ""),
    "starts_at": lambda env: _in_utc(env.datetime("BRIDGE_CLOCK", None)),
}


def database_url(given: str) -> str:
    """SQLAlchemy's form of what users and Heroku write; a SQLite file in var/ where nothing is said."""
    for short in ("postgres://", "postgresql://"):
        if given.startswith(short):
            return "postgresql+psycopg://" + given.removeprefix(short)
    return given or "sqlite:///var/bridge.db"


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


def _alvaria(env: Env, *, sandbox: bool) -> Alvaria:
    """The documented pattern of the addresses is the default; the sandbox's own values where it stands in."""
    given = {name: (env.str(name, usual) if sandbox else env.str(name)) or "" for name, usual in SANDBOX.items()}
    org = given["ALVARIA_ORG_ID"]
    region = env.str("ALVARIA_REGION", "")
    base_url = SANDBOX_URL if sandbox else f"https://{org}.via.aspect-cloud.net"
    base_url = env.str("ALVARIA_BASE_URL", base_url, validate=_is_url) or ""
    token_host = ".".join(part for part in ("https://myaspect", region, "id.aspect-cloud.net") if part)
    token_host = base_url if sandbox else token_host
    return Alvaria(
        org_id=org,
        client_id=given["ALVARIA_CLIENT_ID"],
        client_secret=given["ALVARIA_CLIENT_SECRET"],
        api_key=given["ALVARIA_API_KEY"],
        scopes=env.str("ALVARIA_SCOPES", SCOPES),
        base_url=base_url.rstrip("/"),
        token_url=env.str("ALVARIA_TOKEN_URL", f"{token_host}/tokenservice/oauth2/access_token", validate=_is_url),
        connect_timeout_s=env.float("BRIDGE_CONNECT_TIMEOUT_S", 5, validate=_at_least(0.1)),
        read_timeout_s=env.float("BRIDGE_READ_TIMEOUT_S", 30, validate=_at_least(0.1)),
    )


def _limits(env: Env) -> Limits:
    """Each limit has a variable of its name: max_content_length is BRIDGE_MAX_CONTENT_LENGTH."""
    found = {
        known.name: _limit(env, f"BRIDGE_{known.name.upper()}", getattr(Limits(), known.name))
        for known in dataclasses.fields(Limits)
    }
    if "BRIDGE_DEFAULT_EXPIRY" not in os.environ:
        found["default_expiry"] = min(found["default_expiry"], found["max_expiry"] or found["default_expiry"])
    return Limits(**found)


def _limit(env: Env, name: str, default: Any) -> Any:
    match default:
        case int():
            return env.int(name, default, validate=_at_least(1))
        case timedelta():
            text = env.str(name, "", validate=_is_duration)
            return parse_duration(text) if text else default
        case tuple():
            return tuple(env.list(name, list(default)) or ())
        case _:
            return env.str(name, default)


def _is_duration(text: str) -> None:
    try:
        parse_duration(text or "1d")
    except ValueError:
        raise ValidationError("must be a duration such as 90d, 12h, 30m or 60s") from None


def _mistakes(env: Env) -> list[str]:
    try:
        env.seal()
    except EnvValidationError as error:
        found = error.error_messages if isinstance(error.error_messages, Mapping) else {}
        return [f"{name}: {_said(text)}" for name, texts in found.items() for text in texts]
    return []


def _said(text: str) -> str:
    """The library's words, made ours."""
    return "not set" if text == "Environment variable not set." else text.rstrip(".")


def _contradictions(found: Mapping[str, Any], *, needs_alvaria: bool) -> list[str]:
    mistakes = []
    if needs_alvaria and not found["sandbox"] and not found["secret_key"]:
        mistakes.append(f"BRIDGE_SECRET_KEY: not set; {MAKE_A_KEY}")
    limits = found["limits"]
    if not mistakes and limits.default_expiry > limits.max_expiry:
        mistakes.append("BRIDGE_DEFAULT_EXPIRY: is longer than BRIDGE_MAX_EXPIRY")
    if found["starts_at"] and not found["sandbox"]:
        mistakes.append("BRIDGE_CLOCK: the time can only be chosen for the sandbox; remove it, or set BRIDGE_SANDBOX=1")
    return mistakes
