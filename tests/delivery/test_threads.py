"""How long a thread that sends rests when there is nothing to send."""

from datetime import timedelta

import pytest

from bridge.delivery.budget import Wait
from bridge.delivery.threads import LONGEST_REST_S, rest_s
from bridge.delivery.turn import LOOK_AGAIN
from tests.words import NOON


@pytest.mark.parametrize(
    ("in_s", "is_idle", "rests_s"),
    [
        (3_600, False, LONGEST_REST_S),
        (3_600, True, LOOK_AGAIN.total_seconds()),
        (0.25, False, 0.25),
        (0.25, True, 0.25),
    ],
)
def test_it_looks_again_soon_where_somebodys_answer_may_let_it_go_on(
    in_s: float, is_idle: bool, rests_s: float
) -> None:
    assert rest_s(Wait(until=NOON + timedelta(seconds=in_s), reason="", is_idle=is_idle), NOON) == rests_s
