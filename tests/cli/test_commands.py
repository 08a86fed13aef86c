"""The commands as a person types them: what they say, and how they end."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from bridge.cli import COMMANDS, main
from bridge.demo import play
from bridge.demo.samples import FOLDER
from bridge.inbox import store as inbox
from bridge.model import Outcome, OutcomeKind, WebhookState
from bridge.outbox.store import queue
from bridge.wiring import Bridge
from tests.words import NOON, event, insert, upsert, webhook

HOT_LEAD = str(FOLDER / "hubspot" / "hot-lead.json")
HOT_LEAD_HEADERS = str(FOLDER / "hubspot" / "hot-lead.headers.json")

A_DOZEN_MISTAKES = """\
version: 1
source: {name: shop, preset: generik, secrets: {api_key: [k]}}
defaults: {expires: 7 days}
customer: ["{{ event.record_id | upcase }}"]
tables: {tiers: {"1": gold}}
rules:
  - name: one
    wen: "{{ true }}"
    settings: [{key: crm.a, content: "{{ recrd.a }}"}]
  - name: one
    settings: [{key: total, content: x}]
  - name: three
    fast_path: {list: Hot leads, layout: hot-leeds, fields: {"@ACCOUNT": "1"}}
  - name: four
    settings: [{key: crm.b, content: x, channel: smoke}]
  - name: five
tests:
  - name: t
    given: {event: {type: a, record_id: "1"}}
    expect: {setings: []}
"""


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(main, list(arguments), **options)


@pytest.fixture
def with_deliveries(bridge: Bridge) -> Bridge:
    """An event with two deliveries: a group of settings and a record."""
    with bridge.database.transaction() as conn:
        inbox.keep(conn, webhook(), (event(),))
        [(kept, _)] = inbox.next_new(conn, ["generic"], 1)
        inbox.mark_done(conn, [kept.id])
        queue.add(conn, [(kept, upsert()), (kept, insert())], now=NOON)
    return bridge


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    for leaf in leaves:
        assert leaf.help
        assert "Example" in leaf.help


def test_the_list_of_commands_fits_on_a_screen() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert max(map(len, result.output.splitlines())) <= 80


def test_an_unknown_command_is_wrong_usage() -> None:
    assert run("deploy").exit_code == 2


def test_missing_settings_are_all_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("run")
    assert result.exit_code == 2
    for name in (
        "ALVARIA_ORG_ID",
        "ALVARIA_CLIENT_ID",
        "ALVARIA_CLIENT_SECRET",
        "ALVARIA_API_KEY",
        "BRIDGE_SECRET_KEY",
    ):
        assert f"{name}: not set" in result.output


def test_check_finds_nothing_wrong_with_the_starting_mappings(bridge: Bridge) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "errors: 0" in result.output


def test_check_lists_a_dozen_mistakes_each_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(A_DOZEN_MISTAKES, "utf-8")
    result = run("check", "shop.yaml", "--json")
    assert result.exit_code == 1
    problems = [problem for problem in json.loads(result.output) if problem["severity"] == "error"]
    assert sorted(problem["line"] for problem in problems) == [2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 20]
    by_line = {problem["line"]: problem["message"] for problem in problems}
    assert "did you mean 'generic'?" in by_line[2]
    assert "did you mean 'upper'?" in by_line[4]
    assert "did you mean 'record'?" in by_line[9]
    assert "did you mean 'settings'?" in by_line[20]
    assert all(problem["file"] == "shop.yaml" for problem in problems)


def test_check_names_a_folder_that_is_not_there() -> None:
    result = run("check", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.output


def test_a_failing_test_of_a_mapping_says_what_differs(bridge: Bridge, tmp_path: Path) -> None:
    text = (play.MAPPINGS / "generic.yaml").read_text("utf-8").replace('content: "71.5"', 'content: "72.5"')
    (tmp_path / "generic.yaml").write_text(text, "utf-8")
    result = run("check", str(tmp_path / "generic.yaml"))
    assert result.exit_code == 1
    assert "72.5" in result.output
    assert "71.5" in result.output


def test_preview_shows_the_exact_requests_and_keeps_nothing(bridge: Bridge) -> None:
    result = run("preview", "hubspot", HOT_LEAD, "--headers", HOT_LEAD_HEADERS, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["signature"] == "valid"
    last = found["events"][-1]["rules"]
    requests = [request for rule in last for request in rule["requests"]]
    assert [(rule["rule"], rule["outcome"]) for rule in last][:2] == [
        ("profile", "translated"),
        ("hot-lead", "translated"),
    ]
    assert requests[0]["path"] == "/via/v2/organizations/{orgId}/customerexperience/contextCookies/settings"
    assert requests[1]["path"] == '/via/v2/organizations/{orgId}/campaign/lists/{id of "Hot leads"}/fastPathRecords'
    assert requests[1]["body"]["fastPathRecords"][0]["fastPathRecord"] == "90551203    2125550123" + " " * 20
    with bridge.database.reading() as conn:
        assert inbox.waiting(conn) == 0


def test_preview_resolves_names_when_asked(bridge: Bridge) -> None:
    result = run("preview", "hubspot", HOT_LEAD, "--resolve")
    assert result.exit_code == 0, result.output
    assert "/campaign/lists/4711/fastPathRecords" in result.output


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", "written for this record go from +1 to 7"),
        ("on_customer_change: forget\n", "for this record of +1 are del"),
    ],
)
def test_preview_shows_what_moves_from_those_whom_the_record_was_about(
    bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str, words: str
) -> None:
    text = "version: 1\nsource: {name: shop, preset: generic, secrets: {api_key: [k]}}\n"
    (tmp_path / "shop.yaml").write_text(text + 'customer: "{{ event.record_id }}"\nrules: []\n' + rest, "utf-8")
    monkeypatch.setenv("BRIDGE_MAPPINGS", str(tmp_path / "shop.yaml"))
    body = b'{"type": "a", "record_id": "7"}'
    assert words in run("preview", "shop", "-", "--customer", "+1", input=body).output
    assert "written for this record" not in run("preview", "shop", "-", "--customer", "7", input=body).output


@pytest.mark.parametrize(
    ("arguments", "body", "words"),
    [
        (["hubspot", "-"], b"[]", "missing_header"),
        (["hubspot", "-"], b"{", "not JSON"),
        (["hubspott", "-"], b"[]", "there are: generic, hubspot, salesforce"),
        (["hubspot", "-", "--headers", "/dev/null"], b"[]", "neither a JSON object nor lines"),
        (["hubspot", "/nowhere"], b"", "does not exist"),
    ],
)
def test_preview_says_what_is_wrong(bridge: Bridge, arguments: list[str], body: bytes, words: str) -> None:
    assert words in run("preview", *arguments, input=body).output


def test_presets_can_be_listed_and_printed() -> None:
    listed = run("presets", "--json")
    assert {"generic", "hubspot", "salesforce-outbound"} <= {row["name"] for row in json.loads(listed.output)}
    printed = run("presets", "hubspot")
    assert "X-HubSpot-Signature-v3" in printed.output
    assert run("presets", "hubspott").exit_code == 1


def test_sources_tell_who_may_send_and_what_is_missing(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUBSPOT_CLIENT_SECRET")
    rows = {row["source"]: row for row in json.loads(run("sources", "--json").output)}
    assert rows["hubspot"]["state"] == "set HUBSPOT_CLIENT_SECRET"
    assert rows["generic"]["state"] == "ok"
    assert rows["generic"]["address"] == "https://bridge.example.com/webhooks/generic"


def test_events_are_listed_filtered_and_shown(with_deliveries: Bridge) -> None:
    [line] = json.loads(run("events", "list", "--source", "generic", "--since", "2026-05-12", "--json").output)
    assert (line["type"], line["state"]) == ("lead.created", "done")
    assert json.loads(run("events", "list", "--until", "2026-05-12", "--json").output) == []
    assert "No such event" in run("events", "list", "--type", "nothing").output
    whole = json.loads(run("events", "show", "1", "--json").output)
    assert whole["event"]["record"]["name"] == "Inês"
    assert len(whole["deliveries"]) == 2
    assert "Inês" in run("events", "show", "1").output
    assert run("events", "show", "99").exit_code == 1


def test_an_event_is_replayed_and_an_unknown_one_is_not(with_deliveries: Bridge) -> None:
    assert run("events", "replay", "1").exit_code == 0
    assert run("events", "replay", "1").exit_code == 1
    with with_deliveries.database.reading() as conn:
        assert inbox.waiting(conn) == 1


def test_deliveries_are_listed_shown_and_explained(with_deliveries: Bridge) -> None:
    lines = json.loads(run("deliveries", "list", "--customer", "7", "--json").output)
    assert [line["operation"] for line in lines] == ["campaign.insertFastPathRecords", "contextCookies.upsertSettings"]
    assert json.loads(run("deliveries", "list", "--customer", "8", "--json").output) == []
    assert "crm.tier" in run("deliveries", "show", "1").output
    assert "it is due" in run("deliveries", "why", "1").output
    assert run("deliveries", "why", "99").exit_code == 1


def test_a_person_decides_about_a_delivery(with_deliveries: Bridge) -> None:
    assert run("deliveries", "confirm", "1").exit_code == 1
    assert run("deliveries", "discard", "1", "2", "--reason", "a test").exit_code == 0
    assert "a test" in run("deliveries", "why", "2").output
    assert run("deliveries", "retry", "1").exit_code == 1


def test_a_replayed_event_still_shows_what_was_carried_out_before(bridge: Bridge) -> None:
    made = [
        Outcome(rule="a", kind=OutcomeKind.TRANSLATED),
        Outcome(rule="b", kind=OutcomeKind.REJECTED, reason="x"),
    ]
    with bridge.database.transaction() as conn:
        inbox.keep(conn, webhook(), (event(),))
        for number, outcomes in enumerate((made, made[1:]), start=1):
            done = inbox.Translation(event_id=1, translation=number, mapping_version="v1", at=NOON)
            inbox.add_outcomes(conn, [(done, outcome) for outcome in outcomes])
    [line] = json.loads(run("events", "list", "--json").output)
    assert line["outcomes"] == {"translated": 1, "rejected": 1}


def test_unreadable_webhooks_are_listed(bridge: Bridge) -> None:
    with bridge.database.transaction() as conn:
        inbox.keep(conn, webhook(state=WebhookState.UNREADABLE, problem="the body is not JSON"), ())
    assert "the body is not JSON" in run("events", "unreadable").output


def test_several_deliveries_are_decided_all_or_none(with_deliveries: Bridge) -> None:
    assert run("deliveries", "discard", "1", "99").exit_code == 1
    assert "it is due" in run("deliveries", "why", "1").output


def test_migrate_makes_the_tables_and_check_tells(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert run("migrate", "--check").exit_code == 1
    assert run("events", "list").exit_code == 2
    assert run("migrate").exit_code == 0
    assert run("migrate", "--check").exit_code == 0


def test_doctor_finds_all_well(bridge: Bridge) -> None:
    findings = json.loads(run("doctor", "--json").output)
    states = {(one["what"], one["state"]) for one in findings}
    assert {("database", "ok"), ("token", "ok"), ("customerexperienceapi", "ok"), ("outreachapi", "ok")} <= states


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ALVARIA_CLIENT_SECRET", "wrong", "token"),
        ("ALVARIA_API_KEY", "wrong", "outreachapi"),
        ("ALVARIA_BASE_URL", "http://127.0.0.1:1", "token"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "database"),
        ("BRIDGE_MAPPINGS", "/nowhere", "mappings"),
        ("GENERIC_API_KEY", "", "mappings"),
        ("BRIDGE_CLOCK", "2026-05-12T09:30:00Z", "clock"),
    ],
)
def test_doctor_says_what_has_failed(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert what in {one["what"] for one in json.loads(result.output) if one["state"] == "failed"}


def test_an_event_that_was_kept_is_previewed_as_it_would_be_translated_today(with_deliveries: Bridge) -> None:
    result = run("preview", "generic", "--event", "1", "--json")
    assert result.exit_code == 0, result.output
    [shown] = json.loads(result.stdout)["events"]
    assert (shown["id"], shown["record_id"]) == ("evt-1", "7")
    assert {rule["rule"] for rule in shown["rules"]} == {
        rule.name for rule in with_deliveries.catalogue.mappings["generic"].rules or ()
    }


def test_a_preview_is_of_a_body_or_of_an_event(with_deliveries: Bridge) -> None:
    assert run("preview", "generic").exit_code == 2
    assert run("preview", "generic", "--event", "1", "-").exit_code == 2
    missing = run("preview", "salesforce", "--event", "1")
    assert missing.exit_code == 1
    assert "salesforce has no event 1" in missing.output
