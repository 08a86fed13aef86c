"""Context cookies written: required members, limits, all or none, upsert."""

from typing import Any

import pytest

from tests.sandbox.client import COOKIES, Client, Clock, setting

SETTINGS = f"{COOKIES}/settings"


def contents(client: Client) -> dict[str, str]:
    return {held["key"]: held["content"] for held in client.get(SETTINGS).json["settings"]}


def messages(got: Any) -> list[str]:
    return [error["message"] for error in got.json["errors"]]


def test_a_setting_is_read_back_as_the_document_shows_it(client: Client) -> None:
    got = client.post(SETTINGS, {"settings": [setting(service="b", expiresOnTime="2030-02-01T00:00:00Z")]})
    assert (got.status, got.content) == (204, b"")
    assert client.get(SETTINGS).json == {
        "kind": "cxp#contextCookiesSettingCollection",
        "settings": [
            {
                "customerId": "7",
                "key": "crm.tier",
                "content": "gold",
                "channel": "voice",
                "service": "b",
                "expiresOnTime": "2030-02-01T00:00:00.000Z",
                "creationTime": "2030-01-01T12:00:00.000Z",
                "lastModifiedTime": "2030-01-01T12:00:00.000Z",
            }
        ],
        "totalItems": 1,
    }


def test_an_update_keeps_the_time_of_creation(client: Client, clock: Clock) -> None:
    client.post(SETTINGS, {"settings": [setting()]})
    clock.advance(60)
    client.post(SETTINGS, {"settings": [setting(content="silver")]})
    [held] = client.get(SETTINGS).json["settings"]
    assert held["content"] == "silver"
    assert held["creationTime"] == "2030-01-01T12:00:00.000Z"
    assert held["lastModifiedTime"] == "2030-01-01T12:01:00.000Z"


@pytest.mark.parametrize(
    "other", [{"customerId": "8"}, {"key": "crm.other"}, {"channel": "chat"}, {"service": "sales"}], ids=str
)
def test_customer_key_channel_and_service_tell_settings_apart(client: Client, other: dict[str, str]) -> None:
    client.post(SETTINGS, {"settings": [setting(), setting(**other), setting(content="newest")]})
    assert sorted(held["content"] for held in client.get(SETTINGS).json["settings"]) == ["gold", "newest"]


def test_one_bad_setting_keeps_all_others_out(client: Client) -> None:
    client.post(SETTINGS, {"settings": [setting(key="crm.a", content="old")]})
    body = {"settings": [setting(key="crm.a", content="new"), setting(key="crm.b"), setting(channel="fax")]}
    got = client.post(SETTINGS, body)
    assert got.status == 400
    assert got.json == {
        "code": 400,
        "message": "Validation exception",
        "errors": [
            {
                "scope": "global",
                "reason": "Invalid request",
                "message": "settings[2]: The value for the channel is invalid",
            }
        ],
    }
    assert contents(client) == {"crm.a": "old"}


def test_every_mistake_is_named_with_its_place(client: Client) -> None:
    got = client.post(SETTINGS, {"settings": [{"key": ""}, setting(), "x", setting(expiresOnTime="tomorrow")]})
    assert got.status == 400
    assert messages(got) == [
        "settings[0]: customerId is missing",
        "settings[0]: key must not be empty",
        "settings[0]: content is missing",
        "settings[0]: channel is missing",
        "settings[2]: must be an object",
        "settings[3]: expiresOnTime must be ISO 8601 in UTC, such as 2030-01-31T12:00:00.000Z",
    ]


@pytest.mark.parametrize(("member", "longest"), [("content", 4000), ("key", 64)])
def test_what_is_longer_than_its_limit_is_refused_in_characters(client: Client, member: str, longest: int) -> None:
    assert client.post(SETTINGS, {"settings": [setting(**{member: "ü" * longest})]}).status == 204
    got = client.post(SETTINGS, {"settings": [setting(**{member: "ü" * (longest + 1)})]})
    assert messages(got) == [f"settings[0]: {member} must have at most {longest} characters, but has {longest + 1}"]


def test_the_limits_can_be_set(client: Client) -> None:
    client.put("/_sandbox/limits", {"content": 4, "settings": 1, "channels": ["fax"]})
    assert client.post(SETTINGS, {"settings": [setting(channel="fax")]}).status == 204
    assert client.post(SETTINGS, {"settings": [setting(channel="fax", content="12345")]}).status == 400
    assert client.post(SETTINGS, {"settings": [setting(channel="fax")] * 2}).status == 400
    assert client.post(SETTINGS, {"settings": [setting(channel="voice")]}).status == 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2030-01-31T12:00:00.123Z", "2030-01-31T12:00:00.123Z"),
        ("2030-01-31T12:00:00", "2030-01-31T12:00:00.000Z"),
        ("2030-01-31T12:00:00+00:00", "2030-01-31T12:00:00.000Z"),
        ("2017-05-24T13:35:28.000Z", "2017-05-24T13:35:28.000Z"),
        (None, None),
    ],
)
def test_a_time_is_iso_in_utc_and_what_has_expired_lingers(client: Client, given: str | None, kept: str | None) -> None:
    assert client.post(SETTINGS, {"settings": [setting(expiresOnTime=given)]}).status == 204
    [held] = client.get(SETTINGS).json["settings"]
    assert held.get("expiresOnTime") == kept


@pytest.mark.parametrize(
    "given", ["2030-01-31", "2030-01-31T12:00:00+02:00", "2030-02-30T12:00:00Z", 5, "٢030-01-31T12:00:00Z"]
)
def test_another_time_is_refused(client: Client, given: Any) -> None:
    assert client.post(SETTINGS, {"settings": [setting(expiresOnTime=given)]}).status == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"settings": []}', b'{"settings": {}}', b'{"settings": null}', b"\xff", b"[" * 100_000,
     b'{"settings": NaN}', b'{"settings": [{"customerId": "\\ud800", "key": "k", "content": "", "channel": "all"}]}'],
)  # fmt: skip
def test_a_body_that_is_no_collection_of_settings_is_refused(client: Client, body: bytes) -> None:
    got = client.post(SETTINGS, body)
    assert (got.status, got.json["code"]) == (400, 400)
    assert contents(client) == {}


def test_a_body_must_say_that_it_is_json(client: Client) -> None:
    assert client.post(SETTINGS, {"settings": [setting()]}, Content_Type="text/plain").status == 400
    assert (
        client.post(SETTINGS, {"settings": [setting()]}, Content_Type="application/json; charset=utf-8").status == 204
    )
