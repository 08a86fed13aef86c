"""What the listing commands show, to people and to programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.sources import overview
from bridge.sources.presets import preset_names, preset_parts

EXPECTING = """
version: 1
source: {name: quiet, preset: generic, secrets: {api_key: ["${QUIET_KEY}"]}, expect: {every: 6h}}
customer: "{{ event.record_id }}"
rules: [{name: name, settings: [{key: crm.name, content: "{{ record.name }}"}]}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "quiet.yaml").write_text(EXPECTING)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/bridge.db")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_list_of_presets_names_each_and_says_where_the_rest_is() -> None:
    listed = run("presets")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == list(preset_names())
    assert "bridge presets --json" in listed.stderr
    assert [line["retries"] for line in json.loads(run("presets", "--json").stdout)] == [
        line.retries for line in overview.overview()
    ]


def test_a_program_gets_a_preset_in_parts() -> None:
    assert json.loads(run("presets", "zoho", "--json").stdout) == preset_parts("zoho")


def test_a_silent_source_is_listed_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIET_KEY", "open-sesame")
    assert run("migrate").exit_code == 0
    assert run("mappings", "reload").exit_code == 0
    [line] = json.loads(run("sources", "--json").stdout)
    assert line["state"] == "silent: see bridge doctor"


def test_a_secret_that_is_not_set_is_named_before_the_silence(folder: Path) -> None:
    assert run("migrate").exit_code == 0
    assert run("mappings", "reload").exit_code == 0
    [line] = json.loads(run("sources", "--json").stdout)
    assert line["state"] == "set QUIET_KEY"


@pytest.mark.parametrize("command", ["list", "show", "publish", "rollback", "reload"])
def test_each_command_about_mappings_has_an_example_and_speaks_json(command: str) -> None:
    said = run("mappings", command, "--help").stdout
    assert f"bridge mappings {command}" in said
    assert "--json" in said
