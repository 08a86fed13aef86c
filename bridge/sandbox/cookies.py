"""Context cookies: the six operations of Context Cookies API v2.0.0."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.sandbox.filters import BAD_CHANNEL, chosen
from bridge.sandbox.members import Member, Mistakes, anything, each, iso, moment, read, sent_json, text
from bridge.sandbox.messages import Ask, Json, Refusal, Reply
from bridge.sandbox.state import Limits, Setting, State

SETTINGS = ("customer", "service", "channel", "key", "lastSessionsOnly", "customKeysOnly", "minimumModificationAge")
CUSTOMERS = ("service", "channel", "key", "lastSessionsOnly", "customKeysOnly")
SERVICES = ("customer", "channel", "key")
CHANNELS = ("customer", "service", "key")


def list_settings(state: State, ask: Ask) -> Reply:
    """What has expired is still there until someone deletes it."""
    return _collection("Setting", "settings", [shown(setting) for setting in chosen(state, ask, SETTINGS)])


def delete_settings(state: State, ask: Ask) -> Reply:
    """Without a filter every setting goes."""
    for setting in chosen(state, ask, SETTINGS):
        state.remove_setting(setting)
    return Reply(status=204)


def upsert_settings(state: State, ask: Ask) -> Reply:
    """Context Cookies API v2.0.0, Post Settings: all or none."""
    for setting in posted(sent_json(ask), state):
        state.put_setting(setting)
    return Reply(status=204)


def list_customers(state: State, ask: Ask) -> Reply:
    return _ids("Customer", "customers", (setting.customer for setting in chosen(state, ask, CUSTOMERS)))


def list_services(state: State, ask: Ask) -> Reply:
    return _ids("Service", "services", (setting.service for setting in chosen(state, ask, SERVICES)))


def list_channels(state: State, ask: Ask) -> Reply:
    return _ids("Channel", "channels", (setting.channel for setting in chosen(state, ask, CHANNELS)))


def _ids(what: str, name: str, ids: Iterable[str]) -> Reply:
    return _collection(what, name, [{"id": id_} for id_ in dict.fromkeys(ids)])


def _collection(what: str, name: str, items: list[Json]) -> Reply:
    body = {"kind": f"cxp#contextCookies{what}Collection", name: items, "totalItems": len(items)}
    return Reply(body=body, root=f"{what}Collection")


def posted(body: Json, state: State) -> list[Setting]:
    """The settings of a POST, each as it will be kept; or a refusal with every mistake of every one of them."""
    limits = state.limits
    items = read(body, {"settings": Member(check=each(anything, least=1))}, strangers=True)["settings"]
    if len(items) > limits.settings:
        raise Refusal(400, f"settings must have at most {limits.settings} members, but has {len(items)}")
    members, now = posted_members(limits), state.now()
    settings, sentences = [], []
    for place, item in enumerate(items):
        try:
            settings.append(_kept(state, read(item, members, strangers=True), now))
        except Mistakes as mistakes:
            sentences += [f"settings[{place}]: {sentence}" for sentence in mistakes.messages]
    if sentences:
        raise Mistakes(sentences)
    return settings


def posted_members(limits: Limits) -> dict[str, Member]:
    def channel(name: str, value: Json) -> str:
        if value not in limits.channels:
            raise ValueError(BAD_CHANNEL)
        return str(value)

    return {
        "customerId": Member(check=text(least=1)),
        "key": Member(check=text(least=1, most=limits.key)),
        "content": Member(check=text(most=limits.content)),
        "channel": Member(check=channel),
        "service": Member(check=text(), default=""),
        "expiresOnTime": Member(check=moment, default=None),
    }


def _kept(state: State, found: Mapping[str, Any], now: datetime) -> Setting:
    """As new, but for the time of creation of the one that it replaces."""
    name = (found["key"], found["channel"], found["service"])
    before = state.settings.get(found["customerId"], {}).get(name)
    return Setting(
        customer=found["customerId"],
        key=found["key"],
        content=found["content"],
        channel=found["channel"],
        service=found["service"],
        expires_at=found["expiresOnTime"],
        created_at=before.created_at if before else now,
        modified_at=now,
    )


def shown(setting: Setting) -> dict[str, Json]:
    """As the API shows a setting. One that never expires has no expiresOnTime."""
    times = {
        "expiresOnTime": setting.expires_at,
        "creationTime": setting.created_at,
        "lastModifiedTime": setting.modified_at,
    }
    return {
        "customerId": setting.customer,
        "key": setting.key,
        "content": setting.content,
        "channel": setting.channel,
        "service": setting.service,
        **{name: iso(time) for name, time in times.items() if time},
    }
