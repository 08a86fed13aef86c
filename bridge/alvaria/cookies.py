"""Context cookies as the API takes them: what is wrong with a setting, and the requests that write and delete."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from bridge.alvaria.limits import Limits
from bridge.model import CookieName, Json

UNSENDABLE = re.compile("[\0\ud800-\udfff]")
"""A zero byte, or half of a character outside the basic plane."""

SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One context cookie to write: Context Cookies API v2.0.0, SettingCollectionModify."""

    customer: str
    key: str
    content: str
    channel: str
    service: str
    """May be empty: that is a service of its own."""
    expires_at: datetime

    @property
    def name(self) -> CookieName:
        return CookieName(customer=self.customer, key=self.key, channel=self.channel, service=self.service)


def mistakes(setting: Setting, limits: Limits, *, now: datetime, prefix: str) -> list[str]:
    """A sentence for each reason why the API would not take or not find again what we write; without its values."""
    return [*_name_mistakes(setting, limits, prefix), *_value_mistakes(setting, limits, now)]


def name_mistakes(name: Setting | CookieName, limits: Limits, *, prefix: str) -> list[str]:
    """As `mistakes`, for what a deletion names as well."""
    return list(_name_mistakes(name, limits, prefix))


def _name_mistakes(name: Setting | CookieName, limits: Limits, prefix: str) -> Iterator[str]:
    for what, text in (("customer id", name.customer), ("key", name.key), (SERVICE, name.service)):
        if not text.strip() and what != SERVICE:
            yield f"the {what} is empty; give one"
        # Get Settings and Delete Settings take comma lists and know no escape: such an id could never be found again.
        if "," in text:
            yield f"the {what} holds a comma, which the API's filters read as two values; replace it"
        if not text.isprintable():
            yield f"the {what} holds a control character or another unprintable one; remove it"
    if len(name.key) > limits.max_key_length:
        yield f"the key has {len(name.key)} characters, {limits.max_key_length} are allowed; shorten it"
    if not name.key.startswith(prefix):
        yield f"the key does not begin with {prefix!r}, which marks the bridge's own; put it in front"
    if name.channel not in limits.channels:
        yield f"the channel is not one of {', '.join(limits.channels)}; choose one of these"


def _value_mistakes(setting: Setting, limits: Limits, now: datetime) -> Iterator[str]:
    if len(setting.content) > limits.max_content_length:
        yield (
            f"the content has {len(setting.content)} characters, {limits.max_content_length} are allowed; "
            f"cut it with truncate({limits.max_content_length})"
        )
    if UNSENDABLE.search(setting.content):
        yield "the content holds half a character or a zero byte, which cannot be sent; remove it"
    if setting.expires_at < now + limits.min_expiry:
        yield (
            f"it has run out, or does so within {limits.min_expiry.total_seconds():g} s; "
            "give a longer `expires` if it still matters"
        )
    if setting.expires_at > now + limits.max_expiry:
        yield f"it would live longer than {limits.max_expiry.days} days; give a shorter `expires`"


def upsert_body(settings: Sequence[Setting]) -> dict[str, Json]:
    """Context Cookies API v2.0.0, Post Settings: all of them are written, or none."""
    return {"settings": [_member(setting) for setting in settings]}


def _member(setting: Setting) -> dict[str, str]:
    return {
        "customerId": setting.customer,
        "key": setting.key,
        "content": setting.content,
        "channel": setting.channel,
        "service": setting.service,
        "expiresOnTime": api_time(setting.expires_at),
    }


# The settings of one event mostly run out at the same moment, and writing it takes as long as computing a content.
@lru_cache(maxsize=128)
def api_time(moment: datetime) -> str:
    """UTC with milliseconds: 1985-04-12T23:20:50.525Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def delete_params(customer: str, channel: str, service: str, keys: Sequence[str]) -> dict[str, str]:
    """Context Cookies API v2.0.0, Delete Settings: a filter that is left out means everything, so none ever is.

    The filters multiply (each key in each channel), hence one channel and one service. An empty service is
    a filter too: it means the settings without one.
    """
    named = {"customer": [customer], "channel": [channel], "key": list(dict.fromkeys(keys))}
    for filter_name, values in named.items():
        if not values or not all(value.strip() for value in values):
            raise ValueError(f"a deletion needs a {filter_name}: without this filter it would delete everything")
        if any("," in value for value in values):
            raise ValueError(f"a deletion cannot name a {filter_name} with a comma: it would delete others")
    if "," in service:
        raise ValueError("a deletion cannot name a service with a comma: it would delete others")
    return {"customer": customer, "channel": channel, "service": service, "key": ",".join(named["key"])}
