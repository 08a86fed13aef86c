"""Context cookies as the API takes them: what is wrong with a setting, and the requests that write and delete."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.alvaria.limits import Limits
from bridge.model import CookieName, Json

UNSENDABLE = re.compile("[\0\ud800-\udfff]")
"""A zero byte, or half of a character outside the basic plane."""


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
    return [
        *name_mistakes(setting, limits, prefix=prefix),
        *_content_mistakes(setting.content, limits),
        *_expiry_mistakes(setting.expires_at, limits, now),
    ]


def name_mistakes(name: Setting | CookieName, limits: Limits, *, prefix: str) -> list[str]:
    """As `mistakes`, for what a deletion names as well."""
    return [
        *_id_mistakes("customer id", name.customer),
        *_id_mistakes("key", name.key),
        *_filter_mistakes("service", name.service),
        *_key_mistakes(name.key, limits, prefix),
        *_channel_mistakes(name.channel, limits),
    ]


def _id_mistakes(what: str, text: str) -> list[str]:
    return _filter_mistakes(what, text) if text.strip() else [f"the {what} is empty; give one"]


def _filter_mistakes(what: str, text: str) -> list[str]:
    # Get Settings and Delete Settings take comma lists and know no escape: such an id could never be found again.
    found = []
    if "," in text:
        found.append(f"the {what} holds a comma, which the API's filters read as two values; replace it")
    if not text.isprintable():
        found.append(f"the {what} holds a control character or another unprintable one; remove it")
    return found


def _key_mistakes(key: str, limits: Limits, prefix: str) -> Iterator[str]:
    if len(key) > limits.max_key_length:
        yield f"the key has {len(key)} characters, {limits.max_key_length} are allowed; shorten it"
    if not key.startswith(prefix):
        yield f"the key does not begin with {prefix!r}, which marks the bridge's own; put it in front"


def _channel_mistakes(channel: str, limits: Limits) -> Iterator[str]:
    if channel not in limits.channels:
        yield f"the channel is not one of {', '.join(limits.channels)}; choose one of these"


def _content_mistakes(content: str, limits: Limits) -> Iterator[str]:
    if len(content) > limits.max_content_length:
        yield (
            f"the content has {len(content)} characters, {limits.max_content_length} are allowed; "
            f"cut it with truncate({limits.max_content_length})"
        )
    if UNSENDABLE.search(content):
        yield "the content holds half a character or a zero byte, which cannot be sent; remove it"


def _expiry_mistakes(expires_at: datetime, limits: Limits, now: datetime) -> Iterator[str]:
    if expires_at < now + limits.min_expiry:
        yield (
            f"it has run out, or does so within {limits.min_expiry.total_seconds():g} s; "
            "give a longer `expires` if it still matters"
        )
    if expires_at > now + limits.max_expiry:
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
