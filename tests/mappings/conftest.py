"""What the tests of mappings are made of: a small mapping around the rules in question, and events."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.alvaria.limits import Limits
from bridge.documents import load
from bridge.errors import Problem
from bridge.mappings.rules import Mapping
from bridge.mappings.schema import LayoutFile, read_layout, read_mapping
from bridge.mappings.translate import Past, Translation, translate
from bridge.model import Event

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)

SOURCE = "source: {name: crm, preset: generic, secrets: {api_key: [a-key-for-tests]}, remember: [phone, tier]}\n"

LAYOUT = """
version: 1
fields:
  - {name: "@ACCOUNT", width: 6}
  - {name: "@NUMBER", width: 10}
  - {name: "@NAME", width: 8, on_overflow: cut, on_missing: blank}
"""


@pytest.fixture
def layouts() -> dict[str, LayoutFile]:
    layout, problems = read_layout(load(LAYOUT, "layouts/leads.yaml"), LAYOUT, "leads")
    assert problems == []
    return {"leads": layout}


@pytest.fixture
def read(layouts: dict[str, LayoutFile]) -> Callable[[str], tuple[Mapping | None, list[Problem]]]:
    def read(text: str) -> tuple[Mapping | None, list[Problem]]:
        return read_mapping(load(text, "crm.yaml"), text, layouts=layouts, env={}, limits=Limits())

    return read


@pytest.fixture
def mapping_of(read: Callable[[str], tuple[Mapping | None, list[Problem]]]) -> Callable[..., Mapping]:
    """A mapping with these rules; it must have no mistake."""

    def mapping_of(rules: str, *, customer: str = '"{{ event.record_id }}"', head: str = "") -> Mapping:
        mapping, problems = read(f"version: 1\n{SOURCE}customer: {customer}\n{head}\nrules:\n{rules}")
        assert [str(problem) for problem in problems if problem.severity == "error"] == []
        assert mapping is not None
        return mapping

    return mapping_of


@pytest.fixture
def event_of() -> Callable[..., Event]:
    def event_of(record: dict[str, Any] | None = None, **members: Any) -> Event:
        usual = {
            "source": "crm",
            "type": "contact.changed",
            "record_id": "7",
            "crm_id": "31",
            "dedup_key": "31",
            "occurred_at": NOW,
            "received_at": NOW,
            "record": record or {},
        }
        return Event(**(usual | members))

    return event_of


@pytest.fixture
def translated() -> Callable[..., Translation]:
    """Translate at NOW, with nothing remembered and nothing written unless the test says so."""

    def translated(mapping: Mapping, event: Event, now: datetime = NOW, **past: Any) -> Translation:
        return translate(mapping, event, past=Past(**past), now=now, limits=Limits())

    return translated
