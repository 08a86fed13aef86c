"""kill -9 at random moments, and clocks that jump: what was answered with 2xx is delivered, and no record twice."""

import random
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from tests.chaos.town import Town, chaos

pytestmark = pytest.mark.chaos

JUMP_S = 3_600
"""More than anything here waits for."""


def test_killed_processes_lose_nothing_and_dial_nobody_twice(town: Town) -> None:
    """Web processes, workers, gunicorn's own; then a whole node."""
    kills = 0

    def kill_one() -> None:
        nonlocal kills
        victims = town.processes()
        if victims:
            kills += kill(random.choice(victims))  # noqa: S311 (chaos, no secret)

    with town.traffic("kill -9 of web processes and workers"):
        chaos(kill_one)
        town.wait_until_ready()
    assert kills > 2
    with town.traffic("kill -9 of a node"):
        town.restart(0)
        chaos(kill_one)
        town.wait_until_ready()


def kill(victim: psutil.Process) -> bool:
    try:
        victim.kill()
    except psutil.NoSuchProcess:
        return False
    return True


@pytest.mark.parametrize(("town", "ahead_s"), [("sqlite", JUMP_S), ("postgresql", -JUMP_S)], indirect=["town"])
def test_a_worker_whose_clock_is_wrong_and_then_right_again(town: Town, ahead_s: int) -> None:
    """It takes the living for dead, or is taken for dead itself. What it puts off waits until all clocks are there."""
    with town.traffic(f"a worker's clock is wrong by {ahead_s} s, then right"):
        wrong = datetime.now(UTC) + timedelta(seconds=ahead_s)
        worker = town.add_worker(BRIDGE_CLOCK=wrong.isoformat())
        chaos(lambda: town.order_fault(status=503, times=2))
        worker.terminate()
        assert worker.wait(60) == 0


def test_sigterm_in_the_midst_of_work_lets_all_finish(town: Town) -> None:
    with town.traffic("SIGTERM, and started again"):
        chaos(lambda: None)
        town.end()
        town.start()
