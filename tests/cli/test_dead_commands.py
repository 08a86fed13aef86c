"""bridge dead: causes by their number, made anew with today's mapping, or given up."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from bridge import clock
from bridge.delivery.turn import Sender
from bridge.inbox import store
from bridge.inbox.queries import Wanted
from bridge.model import DeliveryState
from bridge.outbox import queries
from bridge.outbox.again import REASON
from bridge.outbox.store import queue
from bridge.sandbox.serve import Sandbox
from bridge.tables import deliveries
from bridge.wiring import Bridge
from tests.cli.conftest import Put, run
from tests.test_flow import cookies, fault, post, records, work
from tests.words import NOON, insert, upsert

INSERT = "campaign.insertFastPathRecords"


def died(bridge: Bridge, *reasons: str) -> None:
    """The first deliveries are dead, for these reasons."""
    with bridge.database.transaction() as conn:
        for number, reason in enumerate(reasons, start=1):
            values = {"state": "dead", "reason": reason, "finished_at": NOON}
            conn.execute(update(deliveries).where(deliveries.c.id == number).values(values))


def found(bridge: Bridge) -> list[tuple[str, str]]:
    with bridge.database.reading() as conn:
        lines = [queue.find(conn, number) for number in range(1, 20)]
    return [(one.rule, str(one.state)) for one in lines if one]


def a_hot_lead(bridge: Bridge, sandbox: Sandbox, sender: Sender, operation: str) -> None:
    """Its cookies or its record were refused."""
    fault(sandbox, operation, times=1, status=400)
    post(bridge, "hubspot/hot-lead.json")
    work(bridge, sender)


def test_causes_are_listed_by_their_number_whatever_differs_in_their_words(bridge: Bridge, put: Put) -> None:
    put(*(upsert(item=number) for number in range(3)), insert())
    died(bridge, "status 400: settings[0] is bad", "status 400: settings[17] is bad", "ran out", "status 400: no")
    first, *others = json.loads(run("dead", "list", "--json").output)
    assert (first["deliveries"], first["rule"], first["example"]) == (2, "profile", 2)
    assert [cause["deliveries"] for cause in others] == [1, 1]
    assert "hot-lead" in run("dead", "list").output
    assert json.loads(run("dead", "list", "--rule", "hot-lead", "--json").output)[0]["operation"] == INSERT
    assert "Nothing is dead" in run("dead", "list", "--source", "hubspot").output


def test_a_replay_makes_only_the_dead_rule_anew_and_discards_the_dead(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    a_hot_lead(bridge, sandbox, sender, "contextCookies.upsertSettings")
    before = found(bridge)
    assert before.count(("profile", "dead")) == 1
    result = run("dead", "replay", "--rule", "profile", input="y\n")
    assert "1 dead deliveries; go on?" in result.output
    assert "1 are made anew" in result.output
    work(bridge, sender)
    after = found(bridge)
    assert sorted(after[: len(before)]) == sorted(
        ("profile", "discarded") if one == ("profile", "dead") else one for one in before
    )
    assert after[len(before) :] == [("profile", "delivered")]
    assert cookies(sandbox)["+12125550123", "crm.tier"] == "gold"
    assert len(records(sandbox)) == 1
    with bridge.database.reading() as conn:
        assert REASON in {line.reason for line in queries.list_deliveries(conn, Wanted(state="discarded"))}
    assert "There are no such dead deliveries" in run("dead", "replay", "--yes").output


def test_a_dead_record_is_made_anew_although_its_once_was_used(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    a_hot_lead(bridge, sandbox, sender, INSERT)
    assert records(sandbox) == []
    shown = json.loads(run("dead", "replay", "--preview", "--json").output)
    assert shown["number"] == 1
    [request] = shown["replays"][0]["requests"]
    assert request["body"]["fastPathRecords"][0]["fastPathRecord"].startswith("90551203")
    assert ("hot-lead", "dead") in found(bridge)
    assert "fastPathRecords" in run("dead", "replay", "--preview").output
    assert run("dead", "replay", "--yes").exit_code == 0
    work(bridge, sender)
    assert len(records(sandbox)) == 1


@pytest.mark.parametrize(("options", "made"), [((), 1), (("--again",), 2)])
def test_a_record_that_was_made_meanwhile_is_made_again_only_if_a_person_says_so(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, options: tuple[str, ...], made: int
) -> None:
    a_hot_lead(bridge, sandbox, sender, INSERT)
    [dead] = [number for number, one in enumerate(found(bridge), start=1) if one == ("hot-lead", "dead")]
    with bridge.database.transaction() as conn:
        whole = queue.find(conn, dead)
        assert whole
        event = store.find(conn, whole.event_id)
        assert event
        queue.add(conn, [(event, replace(whole, id=0, state=DeliveryState.WAITING))], now=clock.now())
    work(bridge, sender)
    assert len(records(sandbox)) == 1
    assert run("dead", "replay", "--yes", *options).exit_code == 0
    work(bridge, sender)
    assert len(records(sandbox)) == made


def test_what_no_rule_makes_any_more_stays_dead_and_is_told(bridge: Bridge, put: Put) -> None:
    put(upsert(rule="long-gone"))
    died(bridge, "status 400")
    shown = json.loads(run("dead", "replay", "--preview", "--json").output)
    assert shown["replays"][0]["reason"] == "no rule of this name is at work"
    assert "1 are left: no rule of their name" in run("dead", "replay", "--yes").output
    assert found(bridge) == [("long-gone", "dead")]
    assert run("dead", "discard", "--rule", "long-gone", "--yes").exit_code == 0
    assert found(bridge) == [("long-gone", "discarded")]


def test_the_answer_no_changes_nothing(bridge: Bridge, put: Put) -> None:
    put(upsert())
    died(bridge, "status 400")
    assert "Nothing was changed" in run("dead", "replay", input="n\n").output
    assert run("dead", "replay").exit_code == 1
    assert found(bridge) == [("profile", "dead")]
