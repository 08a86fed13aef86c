"""Query parameters -> the settings they let through. Filters of different names narrow each other.

Context Cookies API v2.0.0, the Parameters tables.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from bridge.sandbox.messages import Ask, Refusal
from bridge.sandbox.state import Setting, State

Test: TypeAlias = Callable[[Setting], bool]

WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")
BAD_CHANNEL = "The value for the channel is invalid"


def chosen(state: State, ask: Ask, names: Sequence[str]) -> list[Setting]:
    """The settings that pass all those filters among `names` that the query has; 400 names every unreadable one."""
    tests, mistakes = [], []
    for name in names:
        if name in ask.query:
            try:
                tests.append(FILTERS[name](state, ",".join(ask.query[name])))
            except ValueError as error:
                mistakes.append(str(error))
    if mistakes:
        raise Refusal(400, *mistakes)
    return [setting for setting in _candidates(state, ask, names) if all(test(setting) for test in tests)]


def _candidates(state: State, ask: Ask, names: Sequence[str]) -> Iterable[Setting]:
    if "customer" not in names or "customer" not in ask.query:
        return state.all_settings()
    # Looked up by customer, so that a clean-out of many customers does not read all settings for each.
    customers = dict.fromkeys(",".join(ask.query["customer"]).split(","))
    return [setting for customer in customers for setting in state.settings.get(customer, {}).values()]


def by_customer(state: State, value: str) -> Test:
    return among(value, lambda setting: setting.customer)


def by_service(state: State, value: str) -> Test:
    """An empty value is a filter for the empty name."""
    return among(value, lambda setting: setting.service)


def by_key(state: State, value: str) -> Test:
    return among(value, lambda setting: setting.key)


def by_channel(state: State, value: str) -> Test:
    if not set(value.split(",")) <= set(state.limits.channels):
        raise ValueError(BAD_CHANNEL)
    return among(value, lambda setting: setting.channel)


def among(value: str, member: Callable[[Setting], str]) -> Test:
    wanted = frozenset(value.split(","))
    return lambda setting: member(setting) in wanted


def last_sessions_only(state: State, value: str) -> Test:
    """Those of each customer's newest session; the other filters do not change which session that is."""
    if not boolean("lastSessionsOnly", value):
        return _all
    return lambda setting: setting.session is not None and setting.session == newest_session(state, setting.customer)


def newest_session(state: State, customer: str) -> str | None:
    sessions = [(own.session_at, own.session) for own in state.settings[customer].values() if own.session_at]
    return max(sessions)[1] if sessions else None


def custom_keys_only(state: State, value: str) -> Test:
    return (lambda setting: setting.custom) if boolean("customKeysOnly", value) else _all


def minimum_modification_age(state: State, value: str) -> Test:
    """In seconds; the document names no unit."""
    if not WHOLE_NUMBER.fullmatch(value):
        raise ValueError("The value for minimumModificationAge must be a whole number of seconds")
    least_s, now = int(value), state.now()
    return lambda setting: age_s(setting, now) >= least_s


def age_s(setting: Setting, now: datetime) -> float:
    return (now - setting.modified_at).total_seconds()


def boolean(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"The value for {name} must be true or false")
    return value.lower() == "true"


def _all(setting: Setting) -> bool:
    return True


FILTERS: dict[str, Callable[[State, str], Test]] = {
    "customer": by_customer,
    "service": by_service,
    "channel": by_channel,
    "key": by_key,
    "lastSessionsOnly": last_sessions_only,
    "customKeysOnly": custom_keys_only,
    "minimumModificationAge": minimum_modification_age,
}
