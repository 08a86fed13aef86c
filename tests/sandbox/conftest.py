"""One sandbox on a real socket for all tests, each of which finds it as on its first day."""

from collections.abc import Iterator

import pytest

from bridge.sandbox.serve import Sandbox, running
from tests.sandbox.client import NOON, Client, Clock


@pytest.fixture(scope="session")
def sandbox_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sandbox(sandbox_clock: Clock) -> Iterator[Sandbox]:
    with running(now=sandbox_clock) as sandbox:
        yield sandbox


@pytest.fixture
def clock(sandbox_clock: Clock) -> Clock:
    """Stands at noon until a test advances it."""
    sandbox_clock.moment = NOON
    return sandbox_clock


@pytest.fixture
def client(sandbox: Sandbox, clock: Clock) -> Iterator[Client]:
    """Signed in for every scope."""
    client = Client(sandbox.url)
    client.post("/_sandbox/reset")
    client.sign_in()
    yield client
    client.connection.close()
