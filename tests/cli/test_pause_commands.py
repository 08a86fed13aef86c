"""bridge pause and bridge resume, as a person types them."""

import json
from dataclasses import replace

import pytest

from bridge import clock, worker
from bridge.db import Connection
from bridge.delivery import store
from bridge.delivery.deliver import deliver_next
from bridge.delivery.pause import Cause, Pause
from bridge.delivery.store import Suspicion
from bridge.delivery.turn import Sender
from bridge.outbox import queries
from bridge.outbox.store import queue
from bridge.sandbox.serve import Sandbox
from bridge.wiring import Bridge
from tests.cli.conftest import Put, run
from tests.test_flow import fault
from tests.words import NOON, insert, upsert


def states(bridge: Bridge) -> list[str]:
    with bridge.database.reading() as conn:
        return sorted(queries.counts_by_state(conn))


def refused(conn: Connection) -> None:
    """The rule `profile` is paused by the bridge itself."""
    rule = {"source": "generic", "rule": "profile", "mapping_version": "v1"}
    store.suspect(conn, Suspicion(**rule, key="", message="x", times=20), now=NOON)
    store.save_pause(conn, Pause(name="rule:generic/profile", cause=Cause.REFUSALS, reason="x", since=NOON))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("generic", "source:generic"),
        ("contextCookies.upsertSettings", "operation:contextCookies.upsertSettings"),
        ("all", "all"),
        ("source:generic", "source:generic"),
    ],
)
def test_what_a_person_pauses_waits_until_a_person_resumes_it(
    bridge: Bridge, sender: Sender, put: Put, said: str, name: str
) -> None:
    put(upsert())
    assert f"bridge resume {said}" in run("pause", said, "--reason", "a clean-up").output
    [line] = json.loads(run("pause", "--json").output)
    assert (line["name"], line["cause"], line["reason"]) == (name, "person", "a clean-up")
    assert name in run("pause").output
    worker.work_once(bridge, sender)
    assert states(bridge) == ["waiting"]
    assert f"{name} goes on" in run("resume", said).output
    worker.work_once(bridge, sender)
    assert states(bridge) == ["delivered"]
    assert "Nothing is paused" in run("pause").output


def test_the_end_of_a_pause_makes_due_what_it_had_put_off_and_nothing_else(
    bridge: Bridge, sender: Sender, put: Put
) -> None:
    [first] = put(upsert())
    run("pause", "generic")
    worker.work_once(bridge, sender)
    with bridge.database.reading() as conn:
        found = queue.find(conn, first)
    assert found
    assert found.due_at
    assert found.due_at > clock.now()
    run("pause", "hubspot")
    assert "; 0 deliveries" in run("resume", "hubspot").output
    assert "; 1 deliveries" in run("resume", "generic").output


def test_a_paused_operation_lets_the_others_go(bridge: Bridge, sender: Sender, put: Put) -> None:
    put(upsert(), insert())
    assert run("pause", "campaign.insertFastPathRecords").exit_code == 0
    worker.work_once(bridge, sender)
    assert states(bridge) == ["delivered", "waiting"]


@pytest.mark.parametrize(
    ("command", "said", "words"),
    [
        ("pause", "hubspott", "did you mean 'hubspot'?"),
        ("pause", "campaign.insertFastPathRecord", "did you mean 'campaign.insertFastPathRecords'?"),
        ("pause", "zzzz", "there are: all, generic, hubspot, salesforce"),
        ("resume", "generic", "paused are: none"),
    ],
)
def test_a_name_that_is_unknown_is_told_with_what_there_is(bridge: Bridge, command: str, said: str, words: str) -> None:
    result = run(command, said)
    assert result.exit_code == 1
    assert words in result.output


@pytest.mark.parametrize("said", ["rule:generic/profile", "generic/profile"])
def test_what_the_bridge_has_paused_goes_on_and_has_a_new_chance(bridge: Bridge, said: str) -> None:
    with bridge.database.transaction() as conn:
        refused(conn)
    assert run("resume", said).exit_code == 0
    with bridge.database.reading() as conn:
        assert store.all_pauses(conn) == []
        assert store.all_suspicions(conn) == {}


@pytest.mark.parametrize("name", ["all", "category:customerexperience"])
def test_after_a_person_has_ended_an_outage_one_failure_does_not_pause_again(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, put: Put, name: str
) -> None:
    put(upsert())
    with bridge.database.transaction() as conn:
        budget = store.lock_budget(conn, "customerexperience")
        store.save_budget(conn, replace(budget, failures=sender.policy.breaker_failures))
        store.save_pause(conn, Pause(name=name, cause=Cause.OUTAGE, reason="x", since=NOON))
    assert run("resume", name).exit_code == 0
    fault(sandbox, "contextCookies.upsertSettings", status=500, times=1)
    deliver_next(sender)
    with bridge.database.reading() as conn:
        assert store.all_pauses(conn) == []
        assert [budget.failures for budget in store.all_budgets(conn)] == [1]


def test_resuming_a_name_that_is_nearly_right_says_what_is_paused(bridge: Bridge) -> None:
    with bridge.database.transaction() as conn:
        refused(conn)
    assert "did you mean 'rule:generic/profile'?" in run("resume", "rule:generic/profil").output
