"""What could not be read is kept, and read again once the source was mended: in part or as a whole, and only once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bridge.alvaria.limits import Limits
from bridge.cli import main
from bridge.db import Database
from bridge.inbox import store
from bridge.inbox.commit import Committer, Room
from bridge.inbox.receive import receive
from bridge.inbox.reread import OTHER, Reread, reread
from bridge.mappings.catalogue import read_texts
from bridge.model import Received
from bridge.sources.source import Source
from bridge.tables import events, webhooks
from bridge.wiring import Bridge
from tests.words import NOON

MAPPING = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: [k]}}
"""
FORM = MAPPING.replace("secrets:", "read: {format: form}, secrets:")
BY_KEY = MAPPING.replace("secrets:", 'event: {record_id: "{{ record.id | default(record.key) }}"}, secrets:')
SKIPPING = MAPPING.replace("secrets:", 'event: {skip: "{{ item.key is defined }}"}, secrets:')
FETCHING = BY_KEY.replace(
    "secrets:", 'fetch: {url: "https://crm.example.com/{{ event.record_id }}", auth: {bearer: api_key}}, secrets:'
)
INSIDE = MAPPING.replace("secrets:", "read: {format: json, events: leads}, secrets:")

GOOD = {"type": "lead.created", "id": 7}
KEYED = {"type": "lead.created", "key": 8}
"""Without an id until the source is mended."""


def source(text: str = MAPPING) -> Source:
    found = read_texts({"shop.yaml": text}, env={}, limits=Limits())
    assert found.mapping, found.problems
    return found.mapping.source


def send(database: Database, body: bytes | Any, read_by: str = MAPPING) -> None:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    received = Received(
        method="POST",
        url="https://bridge.example.com/webhooks/shop",
        headers={"x-api-key": "k"},
        body=written,
        received_at=NOON,
    )
    assert receive(Committer(database, Room()), source(read_by), received, now=NOON).status == 200


def again(database: Database, read_by: str) -> list[Reread]:
    with database.transaction() as conn:
        return [reread(conn, source(read_by), number) for number, _ in store.with_unreadable(conn, "shop")]


def kept(database: Database) -> tuple[list[str], list[tuple[str, str]]]:
    """The states of the webhooks; records and states of the events."""
    with database.reading() as conn:
        states = list(conn.execute(select(webhooks.c.state).order_by(webhooks.c.id)).scalars())
        found = conn.execute(select(events.c.record_id, events.c.state).order_by(events.c.id))
        return states, [(record_id, state) for record_id, state in found]


def test_a_webhook_is_read_again_once(database: Database) -> None:
    send(database, b"type=lead.created&id=7")
    assert kept(database) == (["unreadable"], [])
    assert again(database, FORM) == [Reread(events=1)]
    assert kept(database) == (["read"], [("7", "new")])
    assert again(database, FORM) == []


def test_a_webhook_that_stays_unreadable_has_todays_reason(database: Database) -> None:
    send(database, b"<lead/>")
    [first] = again(database, INSIDE)
    assert first.problems
    assert again(database, INSIDE) == [first]
    with database.reading() as conn:
        assert conn.execute(select(webhooks.c.state, webhooks.c.problem)).all() == [("unreadable", first.problems[0])]


def test_an_event_is_read_again_in_its_place_and_the_others_are_left_alone(database: Database) -> None:
    send(database, [KEYED, GOOD])
    assert kept(database) == (["read"], [("", "unreadable"), ("7", "new")])
    assert again(database, BY_KEY) == [Reread(events=1)]
    assert kept(database) == (["read"], [("8", "new"), ("7", "new")])
    with database.reading() as conn:
        assert conn.execute(select(events.c.times_seen, events.c.problem)).all() == [(1, None), (1, None)]
    assert again(database, BY_KEY) == []


def test_an_event_whose_record_is_fetched_waits_for_it(database: Database) -> None:
    send(database, KEYED)
    again(database, FETCHING)
    assert kept(database) == (["read"], [("8", "fetching")])
    with database.reading() as conn:
        assert store.waiting(conn) == 1


def test_what_came_again_meanwhile_is_the_same_event(database: Database) -> None:
    send(database, KEYED)
    send(database, KEYED, BY_KEY)
    assert again(database, BY_KEY) == [Reread(events=1)]
    assert kept(database)[1] == [("8", "new")]
    with database.reading() as conn:
        assert conn.execute(select(events.c.times_seen)).scalars().all() == [2]


@pytest.mark.parametrize("read_by", [SKIPPING, INSIDE, FORM, MAPPING])
def test_what_is_not_mended_stays_with_a_reason(database: Database, read_by: str) -> None:
    send(database, [KEYED, GOOD])
    [first] = again(database, read_by)
    assert first.events == 0
    assert (first.problems == (OTHER,)) is (read_by in (SKIPPING, FORM))
    assert kept(database)[1] == [("", "unreadable"), ("7", "new")]
    assert again(database, read_by) == [first]


@pytest.mark.parametrize(("tenant", "problems"), [("ours", ()), ("theirs", ("it is not taken: bad_constraint",))])
def test_a_constraint_that_could_not_be_read_is_asked_before_anything_is_taken(
    database: Database, tenant: str, problems: tuple[str, ...]
) -> None:
    checks = 'all: [static: {secret: api_key, header: X-Api-Key}, constraint: {value: "{{ body.org }}", secret: org}]'
    narrowed = MAPPING.replace("api_key: [k]", "api_key: [k], org: [ours]").replace(
        "secrets:", f"verify: {{{checks}}}, secrets:"
    )
    send(database, f"type=lead.created&id=7&org={tenant}".encode(), narrowed)
    made = again(database, narrowed.replace("secrets:", "read: {format: form}, secrets:"))
    assert made == [Reread(events=0 if problems else 1, problems=problems)]
    assert kept(database)[0] == ["unreadable" if problems else "read"]


@pytest.fixture
def publish(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    folder = tmp_path / "mappings"
    folder.mkdir()
    monkeypatch.setenv("BRIDGE_MAPPINGS", str(folder))

    def publish(text: str) -> None:
        (folder / "shop.yaml").write_text(text + "rules: []\n", "utf-8")
        assert run("mappings", "reload").exit_code == 0

    return publish


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_person_mends_the_mapping_and_lets_all_be_read_again(bridge: Bridge, publish: Callable[[str], None]) -> None:
    send(bridge.database, b"type=lead.created&id=7")
    send(bridge.database, [KEYED])
    publish(MAPPING)
    result = run("events", "replay", "--state", "unreadable")
    assert (result.exit_code, "0 read again and to be translated; 2 still" in result.output) == (1, True)
    publish(FORM)
    assert run("events", "replay", "--state", "unreadable", "--source", "other").exit_code == 0
    assert "1 read again" in run("events", "replay", "--state", "unreadable", "--source", "shop").output
    publish(BY_KEY)
    assert run("events", "replay", "--state", "unreadable").exit_code == 0
    assert kept(bridge.database) == (["read", "read"], [("8", "new"), ("7", "new")])


def test_a_single_unreadable_event_says_how_it_is_replayed(bridge: Bridge) -> None:
    send(bridge.database, KEYED)
    assert "bridge events replay --state unreadable --source shop" in run("events", "replay", "1").output


def test_a_source_that_is_not_at_work_reads_nothing(bridge: Bridge) -> None:
    send(bridge.database, b"type=lead.created&id=7")
    result = run("events", "replay", "--state", "unreadable")
    assert result.exit_code == 1
    assert "no mapping of the source shop is at work" in result.output


@pytest.mark.parametrize("arguments", [(), ("7", "--state", "unreadable"), ("7", "--source", "a")])
def test_events_are_named_or_their_state_is(bridge: Bridge, arguments: tuple[str, ...]) -> None:
    assert run("events", "replay", *arguments).exit_code == 2
