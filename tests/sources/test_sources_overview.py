"""The pages about presets are those of the presets that there are."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bridge.cli import main
from bridge.demo.samples import entries
from bridge.sources.overview import Line, overview, page
from bridge.sources.presets import preset_names
from tests.pages import blocks

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = DOCS / "crm"


def test_the_page_of_presets_is_what_the_presets_say() -> None:
    assert (DOCS / "presets.md").read_text("utf-8") == page(), "run: bridge presets --markdown > docs/presets.md"


def test_each_preset_has_a_guide_and_the_index_names_each_once() -> None:
    assert sorted(path.stem for path in GUIDES.glob("*.md") if path.name != "README.md") == list(preset_names())
    named = re.findall(r"\[([a-z0-9-]+)\]\(([a-z0-9-]+)\.md\)", (GUIDES / "README.md").read_text("utf-8"))
    assert sorted(named) == [(name, name) for name in preset_names()]


@pytest.mark.parametrize("name", preset_names())
def test_each_guide_holds_a_mapping_with_tests_that_uses_its_preset(name: str) -> None:
    shown = [block.text for block in blocks((GUIDES / f"{name}.md").read_text("utf-8")) if block.language == "yaml"]
    assert any(f"preset: {name}\n" in text and "\nrules:" in text and "\ntests:" in text for text in shown)


def test_a_line_tells_each_way_to_prove_the_sender_once() -> None:
    lines = {line.name: line for line in overview()}
    assert proved(lines["hubspot"]) == ("HMAC-SHA256 with the time", "client_secret")
    assert proved(lines["monday"]) == ("JWT or a key in the address", "signing_secret or url_key")
    assert proved(lines["salesforce-outbound"]) == (
        "a key in the address and a known organization_id",
        "url_key, organization_id",
    )
    assert proved(lines["hubspot-v1"]) == ("hash, SHA256", "client_secret")


def proved(line: Line) -> tuple[str, str]:
    return line.proof, line.secrets


def test_the_command_prints_the_page() -> None:
    assert CliRunner().invoke(main, ["presets", "--markdown"]).output == page()


@pytest.mark.parametrize(("name", "words"), [("hubspott", "did you mean 'hubspot'?"), ("xyz", "bridge presets lists")])
def test_an_unknown_preset_is_told_what_there_is(name: str, words: str) -> None:
    asked = CliRunner().invoke(main, ["presets", name])
    assert asked.exit_code == 1
    assert words in asked.output


def test_no_two_samples_have_one_name() -> None:
    names = [entry["body"] for entry in entries()]
    assert len(names) == len(set(names))
