"""A scripted CRM over a real socket, and readers that read from it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bridge import clock
from bridge.alvaria.client.exchange import Timeouts
from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.fetch.client import Door
from bridge.fetch.fetch import Reader
from bridge.mappings.catalogue import read_texts
from bridge.settings import Policy
from bridge.sources.source import Source
from tests.alvaria.scripted import Script, scripted
from tests.words import NOON

SECRETS = {"CRM_TOKEN": "crm-token-7c", "CRM_ID": "app-1", "CRM_SECRET": "crm-secret-9d"}

MAPPING = """
version: 1
source:
  name: generic
  preset: generic
  secrets: {api_key: [k], api_token: ["${CRM_TOKEN}"]}
  redact: {body: [ssn]}
  fetch:
    when: "{{ event.type != 'lead.deleted' }}"
    url: "URL/leads/{{ event.record_id }}?properties=tier,phone"
    auth: {bearer: api_token}
    record: "{{ body.properties }}"
"""
OAUTH = """
version: 1
source:
  name: generic
  preset: generic
  secrets: {api_key: [k], client_id: ["${CRM_ID}"], client_secret: ["${CRM_SECRET}"]}
  fetch:
    url: "URL/leads/{{ event.record_id }}"
    auth: {oauth2: {token_url: URL/token, client_id: client_id, client_secret: client_secret, scope: leads.read}}
    record: "{{ body.properties }}"
"""


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with scripted() as running:
        yield running


@pytest.fixture
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_ahead", timedelta(0))
    clock.start_at(NOON)


@pytest.fixture
def source_of(crm: Script) -> Callable[..., Source]:
    """A function that reads a mapping, whose URL stands for the CRM's address, with more members of `fetch`."""

    def read(text: str = MAPPING, *members: str, env: dict[str, str] = SECRETS) -> Source:
        whole = text.replace("URL", crm.url) + "".join(f"    {member}\n" for member in members)
        found = read_texts({"crm.yaml": whole}, env=env, limits=Limits())
        assert found.mapping, found.problems
        return found.mapping.source

    return read


@pytest.fixture
def reader_of(database: Database, _at_noon: None) -> Iterator[Callable[..., Reader]]:
    """A function that makes a reader which waits for nothing between two attempts."""
    doors: list[Door] = []

    def make(source: Source, *, worker: str = "test/1/a", total_s: float = 10) -> Reader:
        assert source.fetch
        timeouts = Timeouts(connect_s=5, read_s=total_s, total_s=total_s)
        doors.append(Door(source=source, plan=source.fetch, timeouts=timeouts))
        return Reader(
            database=database,
            source=source,
            policy=Policy(base_s=0),
            worker=worker,
            door=doors[-1],
            plan=source.fetch,
        )

    yield make
    for door in doors:
        door.close()
