"""What can be wrong with a setting before any event is there: the words are those that an event would get."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bridge.alvaria.cookies import Setting, mistakes
from bridge.alvaria.limits import Limits
from bridge.documents import Path
from bridge.duration import in_words, parse_duration

ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
IDENTITY = ("key", "channel", "service")


def check_defaults(defaults: Mapping[str, Any], limits: Limits) -> Iterator[tuple[Path, str]]:
    prefix = _prefix(defaults, limits)
    for mistake in _mistakes_of(_fine(prefix, limits), prefix, limits):
        yield ("defaults", "key_prefix"), mistake
    yield from _check_members(defaults, ("defaults",), prefix, limits)


def check_settings(
    settings: Sequence[tuple[Path, Mapping[str, Any]]], defaults: Mapping[str, Any], limits: Limits
) -> Iterator[tuple[Path, str]]:
    prefix = _prefix(defaults, limits)
    seen: dict[tuple[str, ...], bool] = {}
    for at, setting in settings:
        yield from _check_members(setting, at, prefix, limits)
        name = _identity(setting, defaults)
        conditional = "when" in setting
        # Two with a `when` each may well be either … or; the group is checked again for every event.
        if name in seen and not (conditional and seen[name]):
            yield at, "has the same key, channel and service as another of its group; keep one, or give each a `when`"
        seen[name] = conditional and seen.get(name, True)


def _check_members(members: Mapping[str, Any], at: Path, prefix: str, limits: Limits) -> Iterator[tuple[Path, str]]:
    fine = _fine(prefix, limits)
    already = _mistakes_of(fine, prefix, limits)
    for name in (*IDENTITY, "content"):
        text = members.get(name)
        if isinstance(text, str) and "{{" not in text:
            member: dict[str, Any] = {name: text}
            for mistake in _mistakes_of(replace(fine, **member), prefix, limits):
                if mistake not in already:
                    yield (*at, name), mistake
    yield from _check_expiry(members.get("expires"), (*at, "expires"), limits)


def _check_expiry(text: Any, at: Path, limits: Limits) -> Iterator[tuple[Path, str]]:
    try:
        length = parse_duration(text)
    except ValueError:
        return
    if not limits.min_expiry <= length <= limits.max_expiry:
        yield at, f"is not from {in_words(limits.min_expiry)} to {in_words(limits.max_expiry)}, as settings may live"


def _prefix(defaults: Mapping[str, Any], limits: Limits) -> str:
    prefix = defaults.get("key_prefix")
    return prefix if isinstance(prefix, str) else limits.key_prefix


def _fine(prefix: str, limits: Limits) -> Setting:
    """A setting with nothing wrong in it, to put one member after the other into."""
    return Setting(
        customer="1",
        key=f"{prefix}x",
        content="",
        channel=limits.channels[0],
        service="",
        expires_at=ANY_TIME + limits.default_expiry,
    )


def _mistakes_of(setting: Setting, prefix: str, limits: Limits) -> list[str]:
    return mistakes(setting, limits, now=ANY_TIME, prefix=prefix)


def _identity(setting: Mapping[str, Any], defaults: Mapping[str, Any]) -> tuple[str, ...]:
    standard = {"channel": "all", "service": ""}
    return tuple(str(setting.get(name, defaults.get(name, standard.get(name)))) for name in IDENTITY)
