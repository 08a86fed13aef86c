"""Presets of shops, payments, boards, trackers and open standards, against their recorded requests."""

import pytest

from bridge.wiring import Bridge
from tests.preset_cases import Case, Shown, cases, holds, is_kept_once

GENERIC = Shown(
    sample="generic/lead-created.json",
    preset="generic",
    secrets={"api_key": "x-api-key"},
    proof=("header", "x-api-key"),
)
ALL = (GENERIC,)


@pytest.mark.parametrize("case", [case for shown in ALL for case in cases(shown)], ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])  # what is refused reaches no database
def test_how_a_request_to_a_preset_is_answered(bridge: Bridge, case: Case) -> None:
    holds(bridge, case)


@pytest.mark.parametrize("shown", ALL, ids=str)
def test_a_preset_keeps_its_sample_once_and_without_its_secrets(bridge: Bridge, shown: Shown) -> None:
    is_kept_once(bridge, shown)
