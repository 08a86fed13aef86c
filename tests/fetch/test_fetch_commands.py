"""What a person sees of events that wait for their record, and what can be done about them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.fetch.fetch import Reader, fetch_next
from bridge.sources.source import Source
from bridge.wiring import Bridge
from tests.alvaria.scripted import Act, Script, reply
from tests.fetch.conftest import MAPPING, SECRETS
from tests.fetch.crm_words import arrive, has, read_all, states


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, list(arguments), **options)


@pytest.fixture
def reader(bridge: Bridge, source_of: Callable[..., Source], reader_of: Callable[..., Reader]) -> Reader:
    return reader_of(source_of())


def test_an_event_that_waits_says_why_and_until_when(bridge: Bridge, crm: Script, reader: Reader) -> None:
    crm.acts.append(reply(500))
    [number] = arrive(bridge.database, "a")
    assert fetch_next(reader)
    assert fetch_next(reader)
    words = ("attempt 2 from 2026-05-12 09:30:", f"{crm.url[7:]} answered 500")
    for result in (run("events", "list", "--state", "fetching"), run("events", "show", str(number))):
        assert all(word in result.output for word in words), result.output
    [line] = json.loads(run("events", "list", "--json").output)
    assert (line["state"], line["fetch"]["attempts"]) == ("fetching", 1)
    assert json.loads(run("events", "show", str(number), "--json").output)["fetch"]["attempts"] == 1


def test_what_is_unfetched_can_be_replayed_and_what_waits_cannot(bridge: Bridge, crm: Script, reader: Reader) -> None:
    crm.acts.append(reply(400))
    [number] = arrive(bridge.database, "a")
    assert "nothing was replayed" in run("events", "replay", str(number)).output
    read_all(reader)
    assert "answered 400" in run("events", "list", "--state", "unfetched").output
    assert run("events", "replay", str(number)).exit_code == 0
    assert states(bridge.database) == ["fetching"]


def test_an_event_that_needs_no_read_shows_nothing_of_one(bridge: Bridge, reader: Reader) -> None:
    [number] = arrive(bridge.database, "a", type="lead.deleted")
    read_all(reader)
    assert "at the CRM" not in run("events", "show", str(number)).output
    assert json.loads(run("events", "show", str(number), "--json").output)["fetch"] is None


RULES = """
customer: "{{ record.phone }}"
rules:
  - name: tier
    settings: [{key: crm.tier, content: "{{ record.tier }}"}]
"""


@pytest.fixture
def preview(crm: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function that previews an event of a kind, with a mapping that reads records."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "crm.yaml").write_text(MAPPING.replace("URL", crm.url) + RULES, "utf-8")
    monkeypatch.setenv("BRIDGE_MAPPINGS", str(tmp_path / "mappings"))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def preview(kind: str, *options: str) -> Any:
        body = json.dumps({"type": kind, "record_id": "7", "record": {"id": "7"}, "id": "evt", "occurred_at": None})
        result = run("preview", "generic", "-", "--json", *options, input=body)
        assert result.exit_code == 0, result.output
        [event] = json.loads(result.stdout)["events"]
        return event

    return preview


def test_a_preview_says_what_would_be_read(bridge: Bridge, crm: Script, preview: Callable[..., Any]) -> None:
    url = f"{crm.url}/leads/7?properties=tier,phone"
    assert preview("lead.created")["fetch"] == f"GET {url} (not read)"
    assert preview("lead.deleted")["fetch"] == preview("lead.deleted", "--resolve")["fetch"] == ""
    assert crm.requests == []


def test_a_preview_reads_the_record_when_asked(bridge: Bridge, crm: Script, preview: Callable[..., Any]) -> None:
    crm.acts.append(has(tier="gold", phone="+12125550123"))
    event = preview("lead.created", "--resolve", "--customer", "+12125550100")
    assert event["fetch"] == f"GET {crm.url}/leads/7?properties=tier,phone (read)"
    [setting] = event["rules"][0]["requests"][0]["body"]["settings"]
    assert (setting["customerId"], setting["content"]) == ("+12125550123", "gold")
    assert event["moves"] == {"+12125550100": "+12125550123"}


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (reply(404), "(nothing to read: 127.0.0.1"),
        (reply(400), "answered 400 Bad Request; check fetch in the mapping)"),
        (reply(500), "answered 500 Internal Server Error)"),
        (reply(200, [1]), "mend fetch in the mapping)"),
    ],
)
def test_a_preview_says_why_nothing_could_be_read(
    bridge: Bridge, crm: Script, preview: Callable[..., Any], act: Act, words: str
) -> None:
    crm.acts.append(act)
    event = preview("lead.created", "--resolve")
    assert words in event["fetch"]
    assert event["rules"][0]["outcome"] != "translated"
    assert len(crm.requests) == 1
