"""A group of settings -> one write of all that have content, and a deletion for each that was cleared.

Context Cookies API v2.0.0, Post Settings: all settings of a request are written, or none. So one mistake in a
group rejects the whole group.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.alvaria.cookies import Setting, delete_params, mistakes, name_mistakes, upsert_body
from bridge.duration import in_words, parse_duration
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
from bridge.mappings.rules import Group, OnEmpty, SettingRule
from bridge.model import CookieName, Scope

UPSERT = "contextCookies.upsertSettings"
DELETE = "contextCookies.deleteSettings"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One setting of the group as it shall be for one customer."""

    place: int
    setting: Setting
    deleted: bool
    stamp: str


def requests(group: Group, case: Case) -> Iterator[Request]:
    first, *others = case.needed_customers()
    wanted = [one for place, rule in enumerate(group.settings) if (one := _wanted(rule, place, first, case))]
    if not wanted:
        raise Ignored("nothing to write: each setting is either not wanted by its `when`, or empty and skipped")
    wanted += [replace(one, setting=replace(one.setting, customer=other)) for other in others for one in wanted]
    _refuse_mistakes(wanted, case)
    yield from _writes([one for one in wanted if not one.deleted], case)
    yield from deletions((one.setting.name, one.stamp) for one in wanted if one.deleted)


def _wanted(rule: SettingRule, place: int, customer: str, case: Case) -> Wanted | None:
    try:
        if not holds(rule.when, case.scope, "when"):
            return None
        content = text_or_empty(rule.content, case.scope, "content")
        on_empty = None if content else rule.on_empty
        if on_empty is OnEmpty.SKIP:
            return None
        if on_empty is OnEmpty.ERROR:
            raise Rejected("content: empty, and on_empty is error")
        deleted = on_empty is OnEmpty.DELETE
        setting = _setting(rule, customer, content, case.now if deleted else _expiry(rule, case), case.scope)
        return Wanted(place=place, setting=setting, deleted=deleted, stamp=case.stamp_of(rule.uses))
    except Rejected as reason:
        raise Rejected(f"settings[{place}].{reason}") from None


def _setting(rule: SettingRule, customer: str, content: str, expires_at: datetime, scope: Scope) -> Setting:
    return Setting(
        customer=customer,
        key=text_of(rule.key, scope, "key"),
        content=content,
        channel=text_of(rule.channel, scope, "channel"),
        service=text_of(rule.service, scope, "service"),
        expires_at=expires_at,
    )


def _expiry(rule: SettingRule, case: Case) -> datetime:
    # From the CRM's time, so that a late or repeated event gives nothing a longer life. A CRM's clock that
    # runs ahead must not push the end beyond what is allowed.
    return min(case.event.occurred_at, case.now) + _lifetime(rule, case)


def _lifetime(rule: SettingRule, case: Case) -> timedelta:
    if isinstance(rule.expires, timedelta):
        return rule.expires
    try:
        length = parse_duration(value_of(rule.expires, case.scope, "expires"))
    except ValueError as error:
        raise Rejected(f"expires: {error}") from None
    if length > case.limits.max_expiry:
        raise Rejected(f"expires: longer than {in_words(case.limits.max_expiry)}")
    return length


def _refuse_mistakes(wanted: list[Wanted], case: Case) -> None:
    found = [f"settings[{one.place}]: {mistake}" for one in wanted for mistake in _mistakes(one, case)]
    if len({_identity(one.setting) for one in wanted}) < len(wanted):
        found.append("settings: two of the group have the same key, channel and service; keep one")
    if found:
        raise Rejected("; ".join(dict.fromkeys(found)))


def _identity(setting: Setting) -> tuple[str, ...]:
    return setting.customer, setting.key, setting.channel, setting.service


def _mistakes(one: Wanted, case: Case) -> list[str]:
    prefix = case.mapping.key_prefix
    if one.deleted:
        return name_mistakes(one.setting, case.limits, prefix=prefix)
    return mistakes(one.setting, case.limits, now=case.now, prefix=prefix)


def _writes(wanted: Sequence[Wanted], case: Case) -> Iterator[Request]:
    if not wanted:
        return
    if len(wanted) > case.limits.max_settings:
        raise Rejected(
            f"settings: {len(wanted)} are more than the {case.limits.max_settings} that one request may carry; "
            "split the rule into several"
        )
    settings = [one.setting for one in wanted]
    yield Request(
        operation=UPSERT,
        body=upsert_body(settings),
        customers=tuple(dict.fromkeys(setting.customer for setting in settings)),
        expires_at=min(setting.expires_at for setting in settings),
        stamps=tuple(one.stamp for one in wanted),
    )


def deletions(changes: Iterable[tuple[CookieName, str]]) -> Iterator[Request]:
    """One request for each (customer, channel, service): the filters of a deletion multiply. Each has its stamp."""
    keys: dict[tuple[str, str, str], dict[str, str]] = {}
    for name, stamp in changes:
        keys.setdefault((name.customer, name.channel, name.service), {}).setdefault(name.key, stamp)
    for (customer, channel, service), several in keys.items():
        yield Request(
            operation=DELETE,
            params=_filters(customer, channel, service, list(several)),
            customers=(customer,),
            stamps=tuple(several.values()),
        )


def _filters(customer: str, channel: str, service: str, keys: list[str]) -> dict[str, str]:
    try:
        return delete_params(customer, channel, service, keys)
    except ValueError as error:
        raise Rejected(str(error)) from None
