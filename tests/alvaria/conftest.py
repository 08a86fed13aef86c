"""A scripted API, and clients that speak to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted import SECRETS, Script, scripted

from bridge.alvaria.client import Client


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with scripted() as running:
        yield running


@pytest.fixture
def make_client(script: Script) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(**changes: Any) -> Client:
        given = {
            "base_url": script.url,
            "token_url": f"{script.url}/token",
            "org_id": "acme",
            "scopes": "customerexperienceapi outreachapi",
            **SECRETS,
        }
        clients.append(Client(**{**given, **changes}))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()
