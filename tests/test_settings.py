"""The environment becomes one frozen Settings, or every mistake by the name of its variable."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import settings
from bridge.alvaria.limits import Limits
from bridge.errors import BadSettings
from bridge.settings import Policy, Settings

NEEDED = {
    "ALVARIA_ORG_ID": "acme",
    "ALVARIA_CLIENT_ID": "bridge",
    "ALVARIA_CLIENT_SECRET": "very-secret-1",
    "ALVARIA_API_KEY": "very-secret-2",
    "BRIDGE_SECRET_KEY": "very-secret-3",
}
SANDBOX = {"BRIDGE_SANDBOX": "1"}


@pytest.fixture(autouse=True)
def _nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and an empty environment. What a .env file brings in is gone after the test as well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    for name in [name for name in os.environ if name.startswith(("ALVARIA_", "BRIDGE_", "DATABASE_", "PORT"))]:
        monkeypatch.delenv(name)


def loaded(given: dict[str, str], *, needs_alvaria: bool = True) -> Settings:
    os.environ.update(given)
    return settings.load(needs_alvaria=needs_alvaria)


def mistakes(given: dict[str, str], *, needs_alvaria: bool = True) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        loaded(given, needs_alvaria=needs_alvaria)
    return list(caught.value.mistakes)


def test_without_any_variable_all_that_are_needed_are_named_at_once() -> None:
    assert [mistake.partition(":")[0] for mistake in mistakes({})] == list(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
def test_one_that_is_missing_is_named_alone(name: str) -> None:
    (mistake,) = mistakes({known: value for known, value in NEEDED.items() if known != name})
    assert mistake.startswith(f"{name}: not set")


def test_a_missing_secret_key_says_how_to_make_one() -> None:
    (mistake,) = mistakes({name: value for name, value in NEEDED.items() if name != "BRIDGE_SECRET_KEY"})
    assert "token_urlsafe" in mistake


WRONG = {
    "BRIDGE_SANDBOX": "perhaps",
    "BRIDGE_PUBLIC_URL": "bridge.example.com",
    "BRIDGE_TRUSTED_PROXIES": "-1",
    "PORT": "http",
    "BRIDGE_MAX_BODY_BYTES": "0",
    "BRIDGE_CLOCK": "yesterday",
    "BRIDGE_CONNECT_TIMEOUT_S": "0",
    "BRIDGE_READ_TIMEOUT_S": "soon",
    "BRIDGE_RETRY_BASE_S": "-1",
    "BRIDGE_RETRY_CAP_S": "inf",
    "BRIDGE_GIVE_UP_S": "nan",
    "BRIDGE_CONFIGURATION_RETRY_S": "-0.5",
    "BRIDGE_DOUBT_S": "-1",
    "BRIDGE_BREAKER_FAILURES": "0",
    "BRIDGE_REFUSALS_BEFORE_PAUSE": "many",
    "BRIDGE_MAX_CONTENT_LENGTH": "many",
    "BRIDGE_MAX_SETTINGS": "0",
    "BRIDGE_MAX_EXPIRY": "a year",
    "ALVARIA_BASE_URL": "ftp://api.example.com",
    "ALVARIA_TOKEN_URL": "https://id.example.com/token?realm=acme",
}


def test_every_mistake_is_told_at_once_and_by_name() -> None:
    assert {mistake.partition(":")[0] for mistake in mistakes({**NEEDED, **WRONG})} == set(WRONG)


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    (mistake,) = mistakes({**NEEDED, name: value})
    assert mistake.startswith(f"{name}: ")


def test_the_defaults() -> None:
    found = loaded(NEEDED)
    assert found.database_url == "sqlite:///var/bridge.db"
    assert found.mappings == Path("mappings")
    assert (found.port, found.public_url, found.trusted_proxies) == (8080, "", 0)
    assert found.max_body_bytes == 2 * 1024 * 1024
    assert found.limits == Limits()
    assert found.policy == Policy()
    assert found.starts_at is None
    assert not found.sandbox


def test_the_addresses_of_alvaria_follow_the_documented_pattern() -> None:
    found = loaded({**NEEDED, "ALVARIA_REGION": "eu"}).alvaria
    assert found
    assert found.base_url == "https://acme.via.aspect-cloud.net"
    assert found.token_url == "https://myaspect.eu.id.aspect-cloud.net/tokenservice/oauth2/access_token"
    assert found.scopes == "customerexperienceapi outreachapi"
    assert (found.connect_timeout_s, found.read_timeout_s) == (5, 30)


def test_without_a_region_the_token_service_has_none_in_its_name() -> None:
    found = loaded(NEEDED).alvaria
    assert found
    assert found.token_url.startswith("https://myaspect.id.aspect-cloud.net/")


def test_the_addresses_of_alvaria_may_be_others() -> None:
    others = {"ALVARIA_BASE_URL": "https://api.example.com/", "ALVARIA_TOKEN_URL": "https://id.example.com/token"}
    found = loaded({**NEEDED, **others}).alvaria
    assert found
    assert (found.base_url, found.token_url) == ("https://api.example.com", "https://id.example.com/token")


def test_with_the_sandbox_nothing_needs_to_be_set() -> None:
    found = loaded(SANDBOX)
    assert found.sandbox
    assert found.alvaria
    assert found.alvaria.base_url == "http://127.0.0.1:8090"
    assert found.alvaria.token_url == "http://127.0.0.1:8090/tokenservice/oauth2/access_token"
    assert (found.alvaria.client_secret, found.alvaria.api_key) == ("sandbox-secret", "sandbox-key")


def test_the_sandbox_may_be_at_another_address_and_has_its_token_service_there() -> None:
    found = loaded({**SANDBOX, "ALVARIA_BASE_URL": "http://127.0.0.1:9"}).alvaria
    assert found
    assert found.token_url == "http://127.0.0.1:9/tokenservice/oauth2/access_token"


def test_a_command_that_does_not_speak_to_alvaria_does_without_its_settings() -> None:
    found = loaded({}, needs_alvaria=False)
    assert found.alvaria is None


def test_but_a_wrong_value_is_told_to_such_a_command_too() -> None:
    (mistake,) = mistakes({"BRIDGE_MAX_SETTINGS": "0"}, needs_alvaria=False)
    assert mistake.startswith("BRIDGE_MAX_SETTINGS: ")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("", "sqlite:///var/bridge.db"),
        ("sqlite:////srv/bridge.db", "sqlite:////srv/bridge.db"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h:5433/d?sslmode=require", "postgresql+psycopg://u:p@h:5433/d?sslmode=require"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
    ],
)
def test_a_database_may_be_written_as_usual(given: str, made: str) -> None:
    assert loaded({**SANDBOX, "DATABASE_URL": given}).database_url == made


def test_the_clock_may_be_set_for_the_sandbox() -> None:
    found = loaded({**SANDBOX, "BRIDGE_CLOCK": "2026-05-12T11:30:00+02:00"})
    assert found.starts_at == datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


def test_a_clock_without_a_zone_is_in_utc() -> None:
    assert loaded({**SANDBOX, "BRIDGE_CLOCK": "2026-05-12T09:30:00"}).starts_at == datetime(
        2026, 5, 12, 9, 30, tzinfo=UTC
    )


def test_the_clock_cannot_be_set_for_alvaria() -> None:
    (mistake,) = mistakes({**NEEDED, "BRIDGE_CLOCK": "2026-05-12T09:30:00Z"})
    assert mistake.startswith("BRIDGE_CLOCK: ")
    assert "BRIDGE_SANDBOX=1" in mistake


LIMITS: dict[str, tuple[str, Any]] = {
    "BRIDGE_MAX_KEY_LENGTH": ("32", 32),
    "BRIDGE_MAX_CONTENT_LENGTH": ("8000", 8000),
    "BRIDGE_MAX_SETTINGS": ("50", 50),
    "BRIDGE_MAX_REQUEST_BYTES": ("50000", 50_000),
    "BRIDGE_DEFAULT_EXPIRY": ("12h", timedelta(hours=12)),
    "BRIDGE_MAX_EXPIRY": ("2w", timedelta(weeks=2)),
    "BRIDGE_MIN_EXPIRY": ("5m", timedelta(minutes=5)),
    "BRIDGE_CHANNELS": ("all,voice,fax", ("all", "voice", "fax")),
    "BRIDGE_KEY_PREFIX": ("acme.", "acme."),
    "BRIDGE_MAX_CUSTOM_STRINGS": ("2", 2),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_has_a_variable_of_its_name(name: str) -> None:
    text, value = LIMITS[name]
    limits = loaded({**SANDBOX, name: text}).limits
    assert getattr(limits, name.removeprefix("BRIDGE_").lower()) == value


def test_no_limit_is_without_a_variable() -> None:
    assert {name.removeprefix("BRIDGE_").lower() for name in LIMITS} == set(Limits.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "text", "member", "value"),
    [
        ("BRIDGE_RETRY_BASE_S", "0.5", "base_s", 0.5),
        ("BRIDGE_RETRY_CAP_S", "60", "cap_s", 60),
        ("BRIDGE_GIVE_UP_S", "3600", "give_up_s", 3600),
        ("BRIDGE_CONFIGURATION_RETRY_S", "10", "configuration_s", 10),
        ("BRIDGE_DOUBT_S", "90", "doubt_s", 90),
        ("BRIDGE_BREAKER_FAILURES", "3", "breaker_failures", 3),
        ("BRIDGE_REFUSALS_BEFORE_PAUSE", "7", "refusals_before_pause", 7),
        ("BRIDGE_RATE_LIMIT", "600", "rate_limit", 600),
        ("BRIDGE_RATE_WINDOW_S", "1.5", "rate_window_s", 1.5),
        ("BRIDGE_SENDERS", "2", "senders", 2),
    ],
)
def test_how_often_is_tried_can_be_set(name: str, text: str, member: str, value: float) -> None:
    assert getattr(loaded({**SANDBOX, name: text}).policy, member) == value


def test_the_public_address_has_no_slash_at_its_end() -> None:
    assert (
        loaded({**SANDBOX, "BRIDGE_PUBLIC_URL": "https://bridge.example.com/"}).public_url
        == "https://bridge.example.com"
    )


def test_a_dotenv_file_is_read_and_the_environment_wins() -> None:
    Path(".env").write_text("BRIDGE_SANDBOX=1\nPORT=1234\nBRIDGE_KEY_PREFIX=file.\nMYCRM_KEY=from-the-file\n", "utf-8")
    found = loaded({"PORT": "4321"})
    assert (found.port, found.limits.key_prefix) == (4321, "file.")
    assert found.environ["MYCRM_KEY"] == "from-the-file"


@pytest.mark.parametrize(
    ("given", "target"),
    [
        (NEEDED, "https://acme.via.aspect-cloud.net, organisation acme"),
        (SANDBOX, "the sandbox, organisation sandbox"),
        ({**SANDBOX, "ALVARIA_BASE_URL": "http://127.0.0.1:9"}, "the sandbox, organisation sandbox"),
    ],
)
def test_a_database_is_bound_to_address_and_organisation(given: dict[str, str], target: str) -> None:
    assert loaded(given).target == target


def test_no_secret_is_shown() -> None:
    found = loaded(
        {**NEEDED, "DATABASE_URL": "postgresql://bridge:very-secret-4@h/d", "HUBSPOT_SECRET": "very-secret-5"}
    )
    assert found.environ["HUBSPOT_SECRET"] == "very-secret-5"
    assert "very-secret" not in repr(found)


def test_no_secret_is_told_in_a_mistake() -> None:
    told = mistakes({**NEEDED, "BRIDGE_CLOCK": "2026-05-12", "DATABASE_URL": "postgresql://b:very-secret-4@h/d"})
    assert "very-secret" not in "".join(told)


@pytest.mark.parametrize("name", [*NEEDED, "PORT", "BRIDGE_SANDBOX", "DATABASE_URL", "BRIDGE_MAX_BODY_BYTES"])
def test_an_empty_variable_says_no_more_than_none(name: str) -> None:
    without = mistakes({known: value for known, value in NEEDED.items() if known != name}) if name in NEEDED else None
    given = {**NEEDED, name: " "}
    assert (mistakes(given) if name in NEEDED else loaded(given).port and None) == without


def test_a_default_expiry_beyond_the_longest_is_a_contradiction() -> None:
    assert mistakes(SANDBOX | {"BRIDGE_DEFAULT_EXPIRY": "400d"}) == [
        "BRIDGE_DEFAULT_EXPIRY: is longer than BRIDGE_MAX_EXPIRY"
    ]
