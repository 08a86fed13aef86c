"""The mappings that come with the bridge have no mistake, and their own tests hold."""

from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.mappings.catalogue import load
from bridge.mappings.trial import run

FOLDER = Path(__file__).parent.parent.parent / "mappings"
CATALOGUE = load(FOLDER, env={}, limits=Limits())


def test_the_shipped_mappings_have_no_mistake() -> None:
    assert [str(problem) for problem in CATALOGUE.problems if problem.severity == "error"] == []
    assert set(CATALOGUE.mappings) == {"generic", "hubspot", "salesforce"}


@pytest.mark.parametrize("name", CATALOGUE.mappings)
def test_the_tests_of_a_shipped_mapping_hold(name: str) -> None:
    assert CATALOGUE.mappings[name].tests
    assert [str(problem) for problem in run(CATALOGUE.mappings[name], limits=Limits())] == []


@pytest.mark.parametrize("name", CATALOGUE.mappings)
def test_every_rule_of_a_shipped_mapping_can_be_used(name: str) -> None:
    assert CATALOGUE.mappings[name].rules
    assert CATALOGUE.mappings[name].source.missing_secrets
