"""Time zones of postal codes and phone numbers."""

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from bridge.sandbox.campaign.places import AREA_CODES, EXCHANGES, POSTAL_FORMS, POSTAL_PREFIXES, ZONES
from bridge.sandbox.campaign.time_zones import by_phone, by_postal_code
from tests.sandbox.campaign import V2, V3
from tests.sandbox.client import Client

CALIFORNIA = {"olsonName": "America/Los_Angeles", "displayName": "(UTC-08:00) Pacific Time (US & Canada)"}


@pytest.mark.parametrize(
    ("code", "country", "olson"),
    [
        ("90210", None, "America/Los_Angeles"),
        ("90210-1234", "US", "America/Los_Angeles"),
        ("02139", "us", "America/New_York"),
        ("48201", None, "America/Detroit"),
        ("60601", None, "America/Chicago"),
        ("37203", None, "America/Chicago"),
        ("37402", None, "America/New_York"),
        ("80202", None, "America/Denver"),
        ("85001", None, "America/Phoenix"),
        ("83702", None, "America/Boise"),
        ("99501", None, "America/Anchorage"),
        ("96813", None, "Pacific/Honolulu"),
        ("00901", None, "America/Puerto_Rico"),
        ("M5V 3L9", None, "America/Toronto"),
        ("v6b1a1", None, "America/Vancouver"),
        ("SW1A 1AA", None, "Europe/London"),
        ("10115", "DE", "Europe/Berlin"),
        ("10115", None, "America/New_York"),
        ("2000", "AU", "Australia/Sydney"),
        ("1010", "AT", "Europe/Vienna"),
        ("90210", "ZZ", None),
        ("90210", "CA", None),
        ("ABC", None, None),
        ("", None, None),
    ],
)
def test_a_postal_code_lies_in_one_zone(code: str, country: str | None, olson: str | None) -> None:
    zone = by_postal_code(code, country)
    assert (zone and zone.olson) == olson


@pytest.mark.parametrize(
    ("number", "olson"),
    [
        ("2125550123", "America/New_York"),
        ("+1 (312) 555-0123", "America/Chicago"),
        ("1-303-555-0123", "America/Denver"),
        ("2085550123", "America/Boise"),
        ("5415550123", "America/Los_Angeles"),
        ("5418895555", "America/Boise"),
        ("6045550123", "America/Vancouver"),
        ("5558889999", None),
        ("+44 20 7946 0000", None),
        ("555-0123", None),
        ("", None),
    ],
)
def test_a_phone_number_lies_where_its_area_code_and_exchange_do(number: str, olson: str | None) -> None:
    zone = by_phone(number)
    assert (zone and zone.olson) == olson


def test_every_place_lies_in_a_zone_that_there_is() -> None:
    named = {*AREA_CODES.values(), *EXCHANGES.values()}
    named |= {olson for prefixes in POSTAL_PREFIXES.values() for olson in prefixes.values()}
    assert named <= set(ZONES)
    assert set(POSTAL_FORMS) == set(POSTAL_PREFIXES)
    assert all(ZoneInfo(olson) for olson in ZONES)
    assert len({zone.id for zone in ZONES.values()}) == len(ZONES)


def test_v2_has_one_zone_with_what_was_looked_up(client: Client) -> None:
    asked = {"postalCode": "90210", "phoneNumber": "2125550123", "countryCode": "US"}
    assert client.get(f"{V2}/timeZones?{urlencode(asked)}").json == {
        "kind": "via#Timezone",
        **asked,
        **CALIFORNIA,
        "timezoneId": "33",
    }


def test_v3_has_a_collection_of_one(client: Client) -> None:
    got = client.get(f"{V3}/timeZones?postalCode=99999&countryCode=DE&phoneNumber=3105550123").json
    assert got["totalItems"] == 1
    got = client.get(f"{V3}/timeZones?postalCode=xyz&phoneNumber=3105550123").json
    item = {"postalCode": "xyz", "phoneNumber": "3105550123", **CALIFORNIA, "timeZoneId": "33"}
    assert got == {"kind": "via#TimeZoneCollection", "timeZones": [{"kind": "via#TimeZone", **item}], "totalItems": 1}


def test_nothing_found_is_no_error(client: Client) -> None:
    v2, v3 = (client.get(f"{version}/timeZones?postalCode=xyz&phoneNumber=5550123") for version in (V2, V3))
    assert (v2.status, v2.json) == (200, {})
    assert (v3.status, v3.json) == (200, {"kind": "via#TimeZoneCollection", "timeZones": [], "totalItems": 0})


@pytest.mark.parametrize("query", ["", "?postalCode=&phoneNumber=", "?countryCode=US"])
def test_v3_has_all_zones_where_no_place_is_named(client: Client, query: str) -> None:
    got = client.get(f"{V3}/timeZones{query}").json
    assert {one["olsonName"] for one in got["timeZones"]} == set(ZONES)
    assert got["totalItems"] == len(ZONES)


def test_v2_has_none_where_no_place_is_named(client: Client) -> None:
    assert client.get(f"{V2}/timeZones").json == {}


@pytest.mark.parametrize("version", [V2, V3])
def test_a_country_has_two_letters(client: Client, version: str) -> None:
    assert client.get(f"{version}/timeZones?postalCode=90210&countryCode=USA").status == 400
