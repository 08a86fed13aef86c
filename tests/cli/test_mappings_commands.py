"""bridge mappings, as a person types it: what it says, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.wiring import Bridge

SHOP = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: [k]}}
customer: "{{ event.record_id }}"
rules:
  - name: tier
    settings: [{key: crm.tier, content: gold}]
tests:
  - name: gold
    given: {event: {type: a, record_id: "1"}}
    expect: {settings: [{content: gold}]}
"""
BROKEN = SHOP.replace("content: gold}]\ntests", "contents: gold}]\ntests")


@pytest.fixture
def file(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's mapping, alone in its folder, loaded once."""
    path = tmp_path / "mappings" / "shop.yaml"
    path.parent.mkdir()
    path.write_text(SHOP, "utf-8")
    monkeypatch.setenv("BRIDGE_MAPPINGS", "mappings")
    assert "published" in run("reload").output
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["mappings", *arguments])


def read(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_a_list_of_nothing_says_what_to_do(bridge: Bridge) -> None:
    assert "bridge mappings reload" in run("list").output
    assert read("list") == []


def test_the_list_tells_version_state_and_what_it_has_done(file: Path) -> None:
    [line] = read("list")
    assert (line["name"], line["state"], line["events"], line["problems"]) == ("shop", "ok", 0, [])
    assert line["version"] in run("list").output


def test_the_list_tells_of_a_broken_file_with_its_problems(file: Path) -> None:
    file.write_text(BROKEN, "utf-8")
    assert run("reload").exit_code == 1
    [line] = read("list")
    assert line["state"] == "file broken: last good runs"
    assert "error    mappings/shop.yaml:6: rules[0].settings[0].contents: unknown key" in run("list").output


def test_show_prints_the_text_and_what_is_wrong_at_its_line(file: Path) -> None:
    good = read("list")[0]["version"]
    file.write_text(BROKEN, "utf-8")
    run("reload")
    shown = run("show", "shop").output
    assert f"shop {good}: loaded " in shown
    assert "at work since" in shown
    assert "   6      settings: [{key: crm.tier, content: gold}]\n   7  tests:" in shown
    [broken] = [one for one in read("reload") if one["name"] == "shop"]
    lines = run("show", "shop", "--version", broken["version"][:6]).output.splitlines()
    assert "not at work" in lines[0]
    place = next(number for number, line in enumerate(lines) if line.startswith("   6  "))
    assert lines[place + 1].startswith("      ^ error rules[0].settings[0].")
    assert read("show", "shop")["publications"][0]["cause"] == "file"


def test_to_publish_is_all_or_nothing(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SHOP.replace("name: shop", "name: other"), "utf-8")
    file.write_text(BROKEN, "utf-8")
    result = run("publish", str(other), str(file))
    assert result.exit_code == 2
    assert "shop.yaml:6" in result.output
    assert [line["name"] for line in read("list")] == ["shop"]
    assert run("publish", str(other)).exit_code == 0
    assert [(line["name"], line["cause"]) for line in read("list")] == [("other", "published"), ("shop", "file")]


def test_what_fails_its_own_tests_is_not_published(file: Path) -> None:
    file.write_text(SHOP.replace("content: gold}]\ntests", "content: silver}]\ntests"), "utf-8")
    result = run("publish", str(file))
    assert result.exit_code == 2
    assert "the test 'gold' fails" in result.output


def test_a_rollback_lets_the_earlier_version_work_and_tells_so(file: Path) -> None:
    first = read("list")[0]["version"]
    file.write_text(SHOP.replace("gold", "silver"), "utf-8")
    assert run("publish", str(file)).exit_code == 0
    assert read("rollback", "shop")[0]["version"] == first
    assert read("list")[0]["state"].startswith("not that of shop.yaml")
    assert "another version is at work" in run("reload").output
    assert run("rollback", "shop", "zzz").exit_code == 1
    assert run("rollback", "nobody").exit_code == 1


def test_a_version_that_cannot_be_used_is_not_rolled_back_to(file: Path) -> None:
    file.write_text(BROKEN, "utf-8")
    [broken] = read("reload")
    assert run("rollback", "shop", broken["version"]).exit_code == 2
    assert read("list")[0]["version"] != broken["version"]


def test_show_of_what_is_not_there_says_so(file: Path) -> None:
    assert "nobody: version '' is not kept; kept are: none" in run("show", "nobody").output
    assert run("show", "nobody").exit_code == 1


def test_sources_and_doctor_tell_what_works_on_in_spite_of_its_file(file: Path) -> None:
    file.write_text("version: [", "utf-8")
    run("reload")
    [source] = json.loads(CliRunner().invoke(main, ["sources", "--json"]).output)
    assert (source["source"], source["state"]) == ("shop", "file broken: last good runs")
    findings = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)
    assert any("shop: file broken: last good runs; version " in one["words"] for one in findings)
