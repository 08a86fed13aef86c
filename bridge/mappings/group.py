"""A group of settings -> one write of all that have content, and a deletion for each that was cleared.

Context Cookies API v2.0.0, Post Settings: all settings of a request are written, or none. So one mistake in a
group rejects the whole group.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.alvaria.cookies import Setting, delete_params, mistakes, name_mistakes, upsert_body
from bridge.mappings.case import (
    Case,
    Ignored,
    Rejected,
    Request,
    holds,
    text_of,
    text_or_empty,
    value_of,
)
from bridge.mappings.duration import in_words, parse_duration
from bridge.mappings.rules import Group, OnEmpty, SettingRule
from bridge.model import CookieName

UPSERT = "contextCookies.upsertSettings"
DELETE = "contextCookies.deleteSettings"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One setting of the group as it shall be for every customer."""

    at: str
    key: str
    content: str | None
    """None: it shall be deleted."""
    channel: str
    service: str
    expires_at: datetime


def requests(group: Group, case: Case) -> Iterator[Request]:
    customers = case.needed_customers()
    wanted = [one for index, rule in enumerate(group.settings) if (one := _wanted(rule, f"settings[{index}]", case))]
    if not wanted:
        raise Ignored("nothing to write: each setting is either not wanted by its `when`, or empty and skipped")
    settings = [(one, _setting(one, customer)) for customer in customers for one in wanted]
    _refuse_mistakes(settings, case)
    yield from _writes([setting for one, setting in settings if one.content is not None], case)
    cleared = (setting.name for one, setting in settings if one.content is None)
    yield from deletions(cleared)


def _wanted(rule: SettingRule, at: str, case: Case) -> Wanted | None:
    if not holds(rule.when, case.scope, f"{at}.when"):
        return None
    content = text_or_empty(rule.content, case.scope, f"{at}.content")
    on_empty = None if content else rule.on_empty
    if on_empty is OnEmpty.SKIP:
        return None
    if on_empty is OnEmpty.ERROR:
        raise Rejected(f"{at}.content: empty, and on_empty is error")
    deleted = on_empty is OnEmpty.DELETE
    return Wanted(
        at=at,
        key=text_of(rule.key, case.scope, f"{at}.key"),
        content=None if deleted else content,
        channel=text_of(rule.channel, case.scope, f"{at}.channel"),
        service=text_of(rule.service, case.scope, f"{at}.service"),
        expires_at=case.now if deleted else _expiry(rule, at, case),
    )


def _expiry(rule: SettingRule, at: str, case: Case) -> datetime:
    # From the CRM's time, so that a late or repeated event gives nothing a longer life. A CRM's clock that
    # runs ahead must not push the end beyond what is allowed.
    return min(case.event.occurred_at, case.now) + _lifetime(rule, at, case)


def _lifetime(rule: SettingRule, at: str, case: Case) -> timedelta:
    if isinstance(rule.expires, timedelta):
        return rule.expires
    try:
        length = parse_duration(value_of(rule.expires, case.scope, f"{at}.expires"))
    except ValueError as error:
        raise Rejected(f"{at}.expires: {error}") from None
    if length > case.limits.max_expiry:
        raise Rejected(f"{at}.expires: longer than {in_words(case.limits.max_expiry)}")
    return length


def _setting(one: Wanted, customer: str) -> Setting:
    return Setting(
        customer=customer,
        key=one.key,
        content=one.content or "",
        channel=one.channel,
        service=one.service,
        expires_at=one.expires_at,
    )


def _refuse_mistakes(settings: list[tuple[Wanted, Setting]], case: Case) -> None:
    found = [f"{one.at}: {mistake}" for one, setting in settings for mistake in _mistakes(one, setting, case)]
    names = [setting.name for _, setting in settings]
    if len(set(names)) < len(names):
        found.append("settings: two of the group have the same key, channel and service; keep one")
    if found:
        raise Rejected("; ".join(dict.fromkeys(found)))


def _mistakes(one: Wanted, setting: Setting, case: Case) -> list[str]:
    prefix = case.mapping.key_prefix
    if one.content is None:
        return name_mistakes(setting.name, case.limits, prefix=prefix)
    return mistakes(setting, case.limits, now=case.now, prefix=prefix)


def _writes(settings: list[Setting], case: Case) -> Iterator[Request]:
    if not settings:
        return
    if len(settings) > case.limits.max_settings:
        raise Rejected(
            f"settings: {len(settings)} are more than the {case.limits.max_settings} that one request may carry; "
            "split the rule into several"
        )
    yield Request(
        operation=UPSERT,
        body=upsert_body(settings),
        customers=tuple(dict.fromkeys(setting.customer for setting in settings)),
        expires_at=min(setting.expires_at for setting in settings),
    )


def deletions(names: Iterable[CookieName]) -> Iterator[Request]:
    """One request for each (customer, channel, service): the filters of a deletion multiply."""
    keys: dict[tuple[str, str, str], list[str]] = {}
    for name in names:
        keys.setdefault((name.customer, name.channel, name.service), []).append(name.key)
    for (customer, channel, service), several in keys.items():
        yield Request(
            operation=DELETE,
            params=_filters(customer, channel, service, several),
            customers=(customer,),
        )


def _filters(customer: str, channel: str, service: str, keys: list[str]) -> dict[str, str]:
    try:
        return delete_params(customer, channel, service, keys)
    except ValueError as error:
        raise Rejected(str(error)) from None
