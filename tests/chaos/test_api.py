"""Alvaria's API answers badly, late or not at all, and CRMs repeat themselves: the newest values stand."""

import random
from typing import Any

import pytest

from tests.chaos.town import Town, chaos

pytestmark = pytest.mark.chaos

LATE_S = 1.8
"""Longer than the read time-out, and within the time of doubt."""
FAULTS: dict[str, dict[str, Any]] = {
    "answers 500": {"status": 500},
    "answers 429 with Retry-After": {"status": 429, "headers": {"Retry-After": "1"}},
    "hangs, then 503": {"status": 503, "delay_s": LATE_S},
    "closes before the work": {"drop": "before"},
    "closes after the work": {"drop": "after"},
    "carries out late what was given up": {"delay_s": LATE_S},
}
ON_BOTH = ("closes after the work", "carries out late what was given up")


# Where it matters what the database does meanwhile, on both.
@pytest.mark.parametrize(
    ("town", "fault"),
    [*(("sqlite", fault) for fault in FAULTS), *(("postgresql", fault) for fault in ON_BOTH)],
    indirect=["town"],
)
def test_a_faulty_api_loses_nothing_and_dials_nobody_twice(town: Town, fault: str) -> None:
    with town.traffic(f"the API {fault}"):
        chaos(lambda: town.order_fault(**FAULTS[fault], times=random.randint(1, 4)))  # noqa: S311 (chaos, no secret)


@pytest.mark.parametrize(("town", "status"), [("sqlite", 401), ("postgresql", 503)], indirect=["town"])
def test_a_token_service_that_is_down_is_waited_for(town: Town, status: int) -> None:
    with town.traffic(f"the token service answers {status}"):
        town.order_fault(operation="token", status=status, times=100_000)
        chaos(town.revoke_tokens)


def test_the_same_changes_at_both_nodes_in_one_moment_are_kept_once(town: Town) -> None:
    with town.traffic("each webhook comes to both nodes at once", twice=True) as crm:
        chaos(lambda: None)
    assert crm.counted_new == len(crm.accepted)
