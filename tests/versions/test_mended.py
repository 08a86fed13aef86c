"""A broken mapping loses nothing: what waits or was rejected is translated by the mended one, without a restart."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from bridge import wiring, worker
from bridge.cli import main
from bridge.db import Database
from bridge.delivery.deliver import Sender
from bridge.demo import play
from bridge.inbox import queries
from bridge.inbox.queries import OutcomeLine, Wanted
from bridge.web import create_app
from bridge.wiring import Bridge

KEY = {"x-api-key": "shop-key"}
SHOP = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: ["${SHOP_KEY}"]}}
customer: "{{ event.record_id }}"
rules:
  - name: tier
    settings: [{key: crm.tier, content: "{{ record.tier }}"}]
  - name: level
    settings: [{key: crm.level, content: "{{ record.level | number + 1 }}"}]
"""
MENDED = SHOP.replace("record.level | number", "record.level | default(0) | number")


@pytest.fixture
def folder(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demonstration's mappings and a shop's."""
    copied = tmp_path / "mappings"
    shutil.copytree(Path(str(play.MAPPINGS)), copied)
    (copied / "shop.yaml").write_text(SHOP, "utf-8")
    monkeypatch.setenv("BRIDGE_MAPPINGS", str(copied))
    monkeypatch.setenv("SHOP_KEY", KEY["x-api-key"])
    return copied


def started(bridge: Bridge, folder: Path) -> Bridge:
    """The bridge as a process that starts now has it."""
    known = replace(bridge.settings, mappings=folder, environ={**bridge.settings.environ, "SHOP_KEY": KEY["x-api-key"]})
    fresh = replace(bridge, settings=known, catalogue=wiring.load_catalogue(known))
    fresh.publish_files()
    return fresh


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def post(web: FlaskClient, number: int, source: str = "shop", **record: object) -> int:
    body = {"event": "order.paid", "id": f"evt-{number}", "order": {"id": "7", **record}}
    return web.post(f"/webhooks/{source}", json=body, headers=KEY).status_code


def work(bridge: Bridge, sender: Sender) -> None:
    while worker.work_once(bridge, sender):
        pass


def outcomes(database: Database, event_id: int) -> list[OutcomeLine]:
    with database.reading() as conn:
        return queries.outcomes_of(conn, event_id)


def states(database: Database) -> list[str]:
    with database.reading() as conn:
        return [line.state for line in reversed(queries.list_events(conn, Wanted()))]


def test_what_was_rejected_is_translated_by_the_published_version_when_it_is_replayed(
    bridge: Bridge, folder: Path, sender: Sender
) -> None:
    process = started(bridge, folder)
    assert post(create_app(process).test_client(), 1, tier="gold") == 200
    work(process, sender)
    first = {line.rule: (line.kind, line.mapping_version) for line in outcomes(process.database, 1)}
    assert {rule: kind for rule, (kind, _) in first.items()} == {"tier": "translated", "level": "rejected"}

    (folder / "shop.yaml").write_text(MENDED, "utf-8")
    assert run("mappings", "publish", str(folder / "shop.yaml")).exit_code == 0
    assert run("events", "replay", "1").exit_code == 0
    work(process, sender)
    *_, last = outcomes(process.database, 1)
    assert (last.translation, last.rule, last.kind) == (2, "level", "translated")
    assert last.mapping_version != first["level"][1]
    assert [line.rule for line in outcomes(process.database, 1)] == ["tier", "level", "level"]


@pytest.mark.parametrize("slip", [("settings:", "setings:"), ("preset: generic", "preset: generik"), ("rules:", "{")])
def test_a_broken_file_stops_nothing_across_a_restart(
    bridge: Bridge, folder: Path, sender: Sender, slip: tuple[str, str]
) -> None:
    started(bridge, folder)
    (folder / "shop.yaml").write_text(SHOP.replace(*slip), "utf-8")
    process = started(bridge, folder)
    assert post(create_app(process).test_client(), 1, tier="gold", level=1) == 200
    work(process, sender)
    assert [line.kind for line in outcomes(process.database, 1)] == ["translated", "translated"]


def test_what_came_while_the_rules_had_never_been_good_is_translated_once_they_are(
    bridge: Bridge, folder: Path, sender: Sender
) -> None:
    (folder / "shop.yaml").write_text(SHOP.replace("settings:", "setings:"), "utf-8")
    process = started(bridge, folder)
    web = create_app(process).test_client()
    assert [post(web, number, tier="gold", level=1) for number in (1, 2)] == [200, 200]
    lead = {"event": "lead.created", "id": "evt-9", "lead": {"id": 9, "name": "Ada"}}
    key = {"x-api-key": process.settings.environ["GENERIC_API_KEY"]}
    assert web.post("/webhooks/generic", json=lead, headers=key).status_code == 200
    work(process, sender)
    assert states(process.database) == ["new", "new", "done"]

    restarted = started(bridge, folder)
    (folder / "shop.yaml").write_text(SHOP, "utf-8")
    assert run("mappings", "reload").exit_code == 0
    work(restarted, sender)
    assert states(process.database) == ["done", "done", "done"]


def test_a_running_web_process_takes_a_source_that_was_published_meanwhile(bridge: Bridge, folder: Path) -> None:
    (folder / "shop.yaml").unlink()
    web = create_app(started(bridge, folder)).test_client()
    (folder / "shop.yaml").write_text(SHOP, "utf-8")
    assert run("mappings", "reload").exit_code == 0
    play.wait_until(lambda: post(web, 1, tier="gold") == 200, "the new source is known")


def test_readyz_tells_of_a_broken_file_and_is_ready(bridge: Bridge, folder: Path) -> None:
    started(bridge, folder)
    (folder / "shop.yaml").write_text(SHOP.replace("settings:", "setings:"), "utf-8")
    answer = create_app(started(bridge, folder)).test_client().get("/readyz")
    assert (answer.status_code, answer.json and answer.json["status"]) == (200, "ready")
    [warning] = answer.json["warnings"] if answer.json else []
    assert warning.startswith("shop.yaml is broken, its last good version goes on if there is one: ")
    assert "did you mean 'settings'?" in warning
