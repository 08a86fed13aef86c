"""One sandbox on a real socket; each test finds it as on its first day."""

from collections.abc import Iterator

import pytest

from bridge.sandbox.serve import Sandbox, running
from tests.sandbox.client import Client, Clock


@pytest.fixture(scope="session")
def conforming() -> Iterator[Sandbox]:
    """Its clock stands still."""
    with running(now=Clock()) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def signed_in(conforming: Sandbox) -> Iterator[Client]:
    client = Client(conforming.url)
    client.sign_in()
    yield client
    client.connection.close()
