"""Where the CRM can, one request reads many records; what it does not bring is asked for one by one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bridge.db import Database
from bridge.fetch.fetch import Reader
from bridge.sources.source import Source
from tests.alvaria.scripted import Act, Script, reply
from tests.fetch.conftest import MAPPING
from tests.fetch.crm_words import arrive, events, has, read_all, state_of, states

BATCH = """batch:
      url: URL/leads/batch/read
      each: {id: "{{ event.record_id }}"}
      body: {inputs: "{{ ids }}", properties: [tier]}
      most: 3
      records: "{{ body.results }}"
      id: "{{ item.id }}"
      record: "{{ item.properties }}"
"""


@pytest.fixture
def reader(crm: Script, source_of: Callable[..., Source], reader_of: Callable[..., Reader]) -> Reader:
    return reader_of(source_of(MAPPING, BATCH.replace("URL", crm.url)))


def found(**tiers: Any) -> Act:
    return reply(207, {"results": [{"id": name[1:], "properties": {"tier": tier}} for name, tier in tiers.items()]})


def arrive_each(database: Database, *record_ids: str) -> None:
    for record_id in record_ids:
        arrive(database, f"e{record_id}", record_id=record_id)


def tiers(database: Database) -> list[str]:
    return [one.record.get("tier", "") for one in events(database)]


def targets(crm: Script) -> list[str]:
    return [f"{one.method} {one.target.partition('?')[0]}" for one in crm.requests]


def test_records_are_read_together_up_to_so_many(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.extend([found(_2="silver", _1="gold", _3="none"), has(record_id="4", tier="last")])
    arrive_each(database, "1", "2", "3", "4")
    arrive(database, "again", record_id="2")
    read_all(reader)
    assert tiers(database) == ["gold", "silver", "none", "last", "silver"]
    assert targets(crm) == ["POST /leads/batch/read", "GET /leads/4"]
    request = crm.requests[0]
    assert json.loads(request.body) == {"inputs": [{"id": "1"}, {"id": "2"}, {"id": "3"}], "properties": ["tier"]}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer crm-token-7c"


def test_what_the_answer_does_not_bring_is_asked_for_by_itself(database: Database, crm: Script, reader: Reader) -> None:
    crm.acts.extend([found(_2="silver"), reply(404), has(record_id="3", tier="gold")])
    arrive_each(database, "1", "2", "3")
    read_all(reader)
    assert tiers(database) == ["", "silver", "gold"]
    assert states(database) == ["new", "new", "new"]
    assert targets(crm) == ["POST /leads/batch/read", "GET /leads/1", "GET /leads/3"]


@pytest.mark.parametrize("answer", [reply(400), reply(404), reply(200, {"outcome": []}), reply(200, {"results": [{}]})])
def test_a_batch_that_is_refused_or_makes_no_sense_costs_nobody_the_record(
    database: Database, crm: Script, reader: Reader, answer: Act
) -> None:
    crm.acts.extend([answer, has(tier="gold"), has(tier="silver")])
    arrive_each(database, "1", "2")
    read_all(reader)
    assert tiers(database) == ["gold", "silver"]


@pytest.mark.parametrize("answer", [reply(500), reply(200, b"<html>"), reply(401)])
def test_after_passing_trouble_they_are_read_together_again(
    database: Database, crm: Script, reader: Reader, answer: Act
) -> None:
    crm.acts.extend([answer, found(_1="gold", _2="silver")])
    arrive_each(database, "1", "2")
    read_all(reader)
    assert tiers(database) == ["gold", "silver"]
    assert targets(crm) == ["POST /leads/batch/read"] * 2
    assert state_of(database, 1).attempts == 1
