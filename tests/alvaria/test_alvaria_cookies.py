"""What is wrong with a setting, and the requests that write and delete settings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bridge.alvaria.cookies import Setting, api_time, delete_params, mistakes, name_mistakes, upsert_body
from bridge.alvaria.fastpath import insert_body
from bridge.alvaria.limits import Limits

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
GOOD = Setting(
    customer="7", key="crm.tier", content="gold", channel="voice", service="", expires_at=NOW + timedelta(days=7)
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customer": "+12125550123", "service": "sales desk"},
        {"key": "crm." + "k" * 60},
        {"content": "c" * 4000},
        {"content": ""},
        {"content": "one\nline, and «another» 🙂"},
        {"expires_at": NOW + timedelta(seconds=60)},
        {"expires_at": NOW + timedelta(days=365)},
    ],
)
def test_a_setting_within_the_limits_has_no_mistakes(changes: dict[str, Any]) -> None:
    assert mistakes(replace(GOOD, **changes), Limits(), now=NOW, prefix="crm.") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"customer": ""}, "the customer id is empty"),
        ({"customer": " "}, "the customer id is empty"),
        ({"customer": "a,b"}, "the customer id holds a comma"),
        ({"customer": "a\nb"}, "the customer id holds a control character"),
        ({"customer": "a\ud800"}, "the customer id holds a control character or another unprintable one"),
        ({"key": "crm.a,b"}, "the key holds a comma"),
        ({"key": "crm.\x7f"}, "the key holds a control character"),
        ({"key": "crm." + "k" * 61}, "the key has 65 characters, 64 are allowed"),
        ({"key": "tier"}, "the key does not begin with 'crm.'"),
        ({"service": "a,b"}, "the service holds a comma"),
        ({"service": "a\tb"}, "the service holds a control character"),
        ({"channel": "fax"}, "the channel is not one of all, voice, sms, chat, email, web, mobile"),
        ({"content": "c" * 4001}, "the content has 4001 characters, 4000 are allowed"),
        ({"content": "half \udc00"}, "the content holds half a character"),
        ({"content": "zero \0"}, "the content holds half a character or a zero byte"),
        ({"expires_at": NOW - timedelta(days=1)}, "it has run out"),
        ({"expires_at": NOW + timedelta(seconds=59)}, "it has run out, or does so within 60 s"),
        ({"expires_at": NOW + timedelta(days=365, seconds=1)}, "it would live longer than 365 days"),
    ],
)
def test_each_mistake_has_its_sentence_with_a_remedy(changes: dict[str, Any], said: str) -> None:
    (sentence,) = mistakes(replace(GOOD, **changes), Limits(), now=NOW, prefix="crm.")
    assert sentence.startswith(said)
    assert "; " in sentence


def test_all_mistakes_are_told_at_once_and_none_with_a_value() -> None:
    bad = Setting(
        customer="Jane,Doe", key="secret,key", content="C0NTENT" * 1000, channel="pigeon", service="s,t",
        expires_at=NOW,
    )  # fmt: skip
    sentences = mistakes(bad, Limits(), now=NOW, prefix="crm.")
    assert len(sentences) == 7
    assert not any(value in " ".join(sentences) for value in ("Jane", "secret", "C0NTENT", "pigeon", "s,t"))


def test_limits_are_what_the_settings_say() -> None:
    narrow = Limits(max_key_length=5, channels=("fax",))
    assert len(mistakes(GOOD, narrow, now=NOW, prefix="crm.")) == 2
    assert mistakes(replace(GOOD, key="tier"), Limits(), now=NOW, prefix="") == []


def test_a_name_alone_can_be_checked_before_a_deletion() -> None:
    assert name_mistakes(GOOD.name, Limits(), prefix="crm.") == []
    assert len(name_mistakes(replace(GOOD, customer="").name, Limits(), prefix="crm.")) == 1


def test_the_body_of_a_write_is_as_documented() -> None:
    assert upsert_body([GOOD]) == {
        "settings": [
            {
                "customerId": "7",
                "key": "crm.tier",
                "content": "gold",
                "channel": "voice",
                "service": "",
                "expiresOnTime": "2026-05-19T09:30:00.000Z",
            }
        ]
    }


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(1985, 4, 12, 23, 20, 50, 525_999, tzinfo=UTC), "1985-04-12T23:20:50.525Z"),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T23:00:00.000Z"),
    ],
)
def test_times_are_utc_with_milliseconds(moment: datetime, text: str) -> None:
    assert api_time(moment) == text


def test_a_deletion_names_customer_channel_service_and_keys_also_an_empty_service() -> None:
    assert delete_params("7", "all", "", ["crm.a", "crm.b", "crm.a"]) == {
        "customer": "7",
        "channel": "all",
        "service": "",
        "key": "crm.a,crm.b",
    }


@pytest.mark.parametrize(
    ("customer", "channel", "service", "keys"),
    [
        ("", "all", "", ["crm.a"]),
        (" ", "all", "", ["crm.a"]),
        ("7", "", "", ["crm.a"]),
        ("7", "all", "", []),
        ("7", "all", "", ["crm.a", ""]),
        ("7,8", "all", "", ["crm.a"]),
        ("7", "all,voice", "", ["crm.a"]),
        ("7", "all", "", ["crm.a,crm.b"]),
        ("7", "all", "a,b", ["crm.a"]),
    ],
)
def test_a_deletion_that_would_delete_more_is_refused(
    customer: str, channel: str, service: str, keys: list[str]
) -> None:
    with pytest.raises(ValueError, match="would delete"):
        delete_params(customer, channel, service, keys)


@pytest.mark.parametrize(
    ("custom", "strings"),
    [
        ([], [{}]),
        (["a"], [{"string": "a"}]),
        (["a", "", "c"], [{"string": "a"}, {"string": ""}, {"string": "c"}]),
    ],
)
def test_a_record_carries_up_to_three_strings(custom: list[str], strings: list[dict[str, str]]) -> None:
    record = {"fastPathRecord": "7  2125550123", "customFieldsStringCollection": strings}
    assert insert_body("7  2125550123", custom) == {"fastPathRecords": [record]}


def test_a_fourth_string_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 3"):
        insert_body("r", ["a", "b", "c", "d"])
