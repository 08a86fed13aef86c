"""The JSON Schemas for editors: every shipped file fits, and typical slips of the pen do not."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from bridge.cli import main
from bridge.documents import load
from bridge.mappings.schema.editor import layout_schema, mapping_schema
from bridge.sources.presets import preset_names, preset_parts
from tests.pages import blocks

ROOT = Path(__file__).parent.parent.parent
MAPPINGS = sorted(
    [*ROOT.glob("mappings/*.yaml"), *ROOT.glob("mappings/examples/*.yaml"), *ROOT.glob("bridge/demo/mappings/*.yaml")]
)
LAYOUTS = sorted(ROOT.glob("**/mappings/**/layouts/*.yaml"))
WHOLE = next(
    block.text
    for block in blocks((ROOT / "docs" / "mapping-reference.md").read_text("utf-8"))
    if block.text.startswith("version: 1")
)


def mistakes(schema: dict[str, Any], data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("schema", [mapping_schema(), layout_schema()], ids=["mapping", "layout"])
def test_it_is_a_schema_of_draft_2020_12(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", MAPPINGS, ids=lambda file: f"{file.parent.parent.name}-{file.stem}")
def test_every_shipped_mapping_fits(file: Path) -> None:
    assert mistakes(mapping_schema(), load(file.read_text("utf-8"), file.name).data) == []


@pytest.mark.parametrize("file", LAYOUTS, ids=lambda file: f"{file.parent.parent.parent.name}-{file.stem}")
def test_every_shipped_layout_fits(file: Path) -> None:
    assert mistakes(layout_schema(), load(file.read_text("utf-8"), file.name).data) == []


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_fits_when_it_is_written_out_as_a_source(name: str) -> None:
    source = {"name": "written-out", **preset_parts(name)}
    assert mistakes(mapping_schema(), {"version": 1, "source": source}) == []


SLIPS = [
    ("version: 1", "version: 2"),
    ("rules:  ", "ruls:  "),
    ("preset: generic", "preset: generik"),
    ("preset: generic", "presett: generic"),
    ("name: mycrm", "name: My CRM"),
    ('api_key: ["${MYCRM_KEY}"]', 'api_key: ["key-${MYCRM_KEY}"]'),
    ("expires: 90d", "expires: 90 days"),
    ("on_empty: skip", "on_empty: skipp"),
    ("{key: crm.last_change, content:", "{key: crm.last_change, contents:"),
    ("{key: crm.last_change,", "{"),
    ("once: {per:", "once: {pro:"),
    ("within: 24h", "within: 24 h"),
    ('    once: {per: "{{ event.record_id }}", within: 24h}\n', ""),
    ("fast_path:\n", "hold: yes\n    fast_path:\n"),
    ("forget: true", "hold: true\n    forget: true"),
    ("    settings:\n", "    hold: true\n    settings:\n"),
    ("forget: true", "forget: yes"),
    ("forget: true", "forgets: true"),
    ("layout: hot-leads", "layuot: hot-leads"),
    ("when: \"{{ event.type == 'contact.deleted' }}\"", "when: event.type == 'contact.deleted'"),
    ('record_id: "7"}, record', "record_id: 7}, record"),
    ("expect:\n      settings:", "expect:\n      setings:"),
]


@pytest.mark.parametrize(("right", "wrong"), SLIPS, ids=[wrong or right for right, wrong in SLIPS])
def test_a_slip_of_the_pen_is_marked(right: str, wrong: str) -> None:
    assert mistakes(mapping_schema(), load(WHOLE, "whole").data) == []
    assert right in WHOLE
    assert mistakes(mapping_schema(), load(WHOLE.replace(right, wrong, 1), "slip").data)


def test_a_rule_of_records_may_hold_the_next_ones() -> None:
    held = WHOLE.replace("    fast_path:\n", "    hold: true\n    fast_path:\n", 1)
    assert held != WHOLE
    assert mistakes(mapping_schema(), load(held, "held").data) == []


@pytest.mark.parametrize(
    "source",
    [
        {"name": "a"},
        {"name": "a", "preset": "generic", "verify": {"hmak": {}}},
        {"name": "a", "preset": "generic", "verify": {"static": {"secrt": "x"}}},
        {"name": "a", "preset": "generic", "verify": {"any": []}},
        {"name": "a", "preset": "generic", "read": {"format": "yaml"}},
        {"name": "a", "preset": "generic", "event": {"typ": "x"}},
        {"name": "a", "preset": "generic", "reply": {"stored": {"status": "ok"}}},
        {"name": "a", "preset": "generic", "limits": {"body_bytes": 0}},
    ],
    ids=str,
)
def test_a_slip_in_a_source_is_marked(source: dict[str, Any]) -> None:
    assert mistakes(mapping_schema(), {"version": 1, "source": source})


def test_a_part_of_a_preset_may_be_changed_or_taken_away() -> None:
    source = {"name": "a", "preset": "generic", "event": {"record_id": "{{ item.no }}", "occurred_at": None}}
    assert mistakes(mapping_schema(), {"version": 1, "source": source}) == []


@pytest.mark.parametrize(
    "layout",
    [
        {"version": 1},
        {"version": 1, "fields": []},
        {"version": 1, "fields": [{"name": "A"}]},
        {"version": 1, "fields": [{"name": "A", "width": "6"}]},
        {"version": 1, "fields": [{"name": "A", "width": 6, "pad": "00"}]},
        {"version": 1, "fields": [{"name": "A", "width": 6, "on_overfow": "cut"}]},
    ],
    ids=str,
)
def test_a_slip_in_a_layout_is_marked(layout: dict[str, Any]) -> None:
    assert mistakes(layout_schema(), layout)


@pytest.mark.parametrize(("kind", "schema"), [("mapping", mapping_schema()), ("layout", layout_schema())])
def test_the_command_prints_it(kind: str, schema: dict[str, Any]) -> None:
    assert json.loads(CliRunner().invoke(main, ["schema", kind]).output) == schema


OPT_OUT = (ROOT / "mappings" / "examples" / "opt-out.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("id: campaign.createExclusion", "id: campaign.createExclusions"),
        ("id: campaign.createExclusion", "id: campaign.listLists"),
        ("id: campaign.createExclusion", "id: campaign.pauseJob"),
        ("repeatable: true", "repeatable: maybe"),
        ("accountControlItems:\n", "acountControlItems:\n"),
        ("contactType: 1 ", "contactType: 9 "),
        ("contactType: 1 ", "contactTyp: 1 "),
        ("endTime: 0", "endTime: []"),
        ("stops:\n      customer:", "stops:\n      customers:"),
    ],
)
def test_a_slip_in_an_operation_is_marked(right: str, wrong: str) -> None:
    assert right in OPT_OUT
    assert mistakes(mapping_schema(), load(OPT_OUT.replace(right, wrong, 1), "opt-out.yaml").data)
