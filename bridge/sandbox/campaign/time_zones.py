"""Postal code or phone number -> time zone: Campaign API v2 and v3, TimeZones. Nothing found is 200, never 404."""

import re

from bridge.sandbox.campaign.places import AREA_CODES, EXCHANGES, POSTAL_FORMS, POSTAL_PREFIXES, ZONES, Zone
from bridge.sandbox.campaign.store import digits
from bridge.sandbox.messages import Ask, Json, Reply
from bridge.sandbox.state import State

ASKED = ("postalCode", "phoneNumber", "countryCode")
NORTH_AMERICA = "1"


def get_one(state: State, ask: Ask) -> Reply:
    """v2: an empty object where nothing is found, and where nothing is asked."""
    zone = _found(ask)
    return Reply(body=_shown(ask, zone, kind="via#Timezone", id_name="timezoneId") if zone else {})


def list_all(state: State, ask: Ask) -> Reply:
    """v3: all that are supported where neither postal code nor phone number is given."""
    zone = _found(ask)
    fitting = [zone] if zone else []
    zones = fitting if ask.given.get("postalCode") or ask.given.get("phoneNumber") else list(ZONES.values())
    items = [_shown(ask, one, kind="via#TimeZone", id_name="timeZoneId") for one in zones]
    return Reply(body={"kind": "via#TimeZoneCollection", "timeZones": items, "totalItems": len(items)})


def _found(ask: Ask) -> Zone | None:
    country = ask.given.get("countryCode")
    return by_postal_code(ask.given.get("postalCode") or "", country) or by_phone(ask.given.get("phoneNumber") or "")


def by_postal_code(code: str, country: str | None) -> Zone | None:
    code = code.strip().upper()
    countries = [country.upper()] if country else [name for name in POSTAL_FORMS if _fits(name, code)][:1]
    for name in countries:
        if _fits(name, code):
            return _by_prefix(POSTAL_PREFIXES[name], code)
    return None


def _fits(country: str, code: str) -> bool:
    return country in POSTAL_FORMS and re.fullmatch(POSTAL_FORMS[country], code) is not None


def _by_prefix(prefixes: dict[str, str], code: str) -> Zone | None:
    for length in range(len(code), -1, -1):
        if code[:length] in prefixes:
            return ZONES[prefixes[code[:length]]]
    return None


def by_phone(number: str) -> Zone | None:
    """By area code and exchange, which only North American numbers have."""
    dialled = digits(number)
    if len(dialled) == 11 and dialled.startswith(NORTH_AMERICA):
        dialled = dialled[1:]
    elif number.strip().startswith("+"):
        return None
    if len(dialled) != 10:
        return None
    olson = EXCHANGES.get(dialled[:6]) or AREA_CODES.get(dialled[:3])
    return ZONES[olson] if olson else None


def _shown(ask: Ask, zone: Zone, *, kind: str, id_name: str) -> Json:
    """What was looked up comes back with what was found."""
    asked = {name: ask.given[name] for name in ASKED if ask.given.get(name)}
    return {"kind": kind, **asked, "olsonName": zone.olson, "displayName": zone.display, id_name: zone.id}
