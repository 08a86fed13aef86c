"""What a person decides about many deliveries or events at once: counted, asked about, stopped, run again."""

import json

import pytest
from sqlalchemy import select, update

from bridge import clock
from bridge.cli import chosen
from bridge.inbox import store as inbox
from bridge.maintenance.held import sample
from bridge.metrics import text
from bridge.model import Outcome, OutcomeKind, Priority
from bridge.outbox.store import queue
from bridge.tables import deliveries
from bridge.wiring import Bridge
from tests.cli.conftest import Put, run
from tests.words import NOON, insert, upsert


def become(bridge: Bridge, state: str, *ids: int) -> None:
    with bridge.database.transaction() as conn:
        conn.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(state=state, finished_at=NOON))


def states(bridge: Bridge) -> list[str]:
    with bridge.database.reading() as conn:
        return list(conn.execute(select(deliveries.c.state).order_by(deliveries.c.id)).scalars())


def dead(bridge: Bridge, put: Put, number: int) -> list[int]:
    ids = put(*(upsert(item=item) for item in range(number)))
    become(bridge, "dead", *ids)
    return ids


def test_what_filters_find_is_counted_and_asked_about(bridge: Bridge, put: Put) -> None:
    dead(bridge, put, 3)
    result = run("deliveries", "retry", "--rule", "profile", input="n\n")
    assert "3 dead deliveries; go on? [y/N]" in result.output
    assert "Nothing was changed" in result.output
    assert states(bridge) == ["dead"] * 3
    assert "3 will be sent again" in run("deliveries", "retry", "--rule", "profile", input="y\n").output
    assert states(bridge) == ["waiting"] * 3


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        (("--source", "generic"), 3),
        (("--source", "hubspot"), 0),
        (("--rule", "hot-lead"), 1),
        (("--operation", "contextCookies.upsertSettings"), 2),
        (("--type", "lead.created"), 3),
        (("--type", "lead.deleted"), 0),
        (("--customer", "7"), 3),
        (("--customer", "8"), 0),
        (("--since", "2026-05-12"), 3),
        (("--until", "2026-05-12"), 0),
        (("--state", "unknown"), 0),
        (("--source", "generic", "--rule", "profile"), 2),
    ],
)
def test_each_filter_narrows_what_is_shown_and_a_preview_changes_nothing(
    bridge: Bridge, put: Put, filters: tuple[str, ...], number: int
) -> None:
    become(bridge, "dead", *put(upsert(), upsert(item=1), insert()))
    shown = json.loads(run("deliveries", "retry", *filters, "--preview", "--json").output)
    assert shown["number"] == len(shown["deliveries"]) == number
    assert states(bridge) == ["dead"] * 3


def test_many_go_out_behind_what_happens_now_and_one_does_not(bridge: Bridge, put: Put) -> None:
    first, second = dead(bridge, put, 2)
    assert run("deliveries", "retry", str(first)).exit_code == 0
    assert run("deliveries", "retry", "--state", "dead", "--yes").exit_code == 0
    with bridge.database.reading() as conn:
        found = [queue.find(conn, number) for number in (first, second)]
    assert [one.priority for one in found if one] == [Priority.LIVE, Priority.REPLAY]


def test_what_was_stopped_goes_on_with_what_is_left(bridge: Bridge, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    dead(bridge, put, 5)
    monkeypatch.setattr(chosen, "AT_ONCE", 2)
    whole, times = queue.discard, iter(range(10))

    def interrupted(*arguments: object, **options: object) -> bool:
        if next(times) == 3:
            raise KeyboardInterrupt
        return whole(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(queue, "discard", interrupted)
    stopped = run("deliveries", "discard", "--source", "generic", "--yes")
    assert stopped.exit_code == 1
    assert "2 are done, and the same command goes on" in stopped.output
    assert states(bridge) == ["discarded"] * 2 + ["dead"] * 3
    assert "3 discarded" in run("deliveries", "discard", "--source", "generic", "--yes").output


def test_what_is_in_doubt_is_decided_only_where_a_person_says_so(bridge: Bridge, put: Put) -> None:
    become(bridge, "unknown", *put(insert()))
    assert "There are no such dead deliveries" in run("deliveries", "retry", "--rule", "hot-lead", "--yes").output
    assert "1 confirmed" in run("deliveries", "confirm", "--rule", "hot-lead", "--yes").output
    assert states(bridge) == ["delivered"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("deliveries", "retry"),
        ("deliveries", "retry", "7", "--rule", "profile"),
        ("deliveries", "retry", "--state", "waiting"),
        ("events", "replay"),
        ("events", "replay", "7", "--source", "generic"),
        ("events", "replay", "--state", "unreadable", "--type", "x"),
    ],
)
def test_neither_ids_nor_filters_or_both_is_wrong_usage(bridge: Bridge, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_events_with_a_rejected_rule_are_replayed_by_filters(bridge: Bridge, put: Put) -> None:
    for key, kinds in ("evt-1", ["rejected"]), ("evt-2", ["translated"]), ("evt-3", ["rejected", "translated"]):
        put(key=key)
        with bridge.database.transaction() as conn:
            for number, kind in enumerate(kinds, start=1):
                event_id = int(key[-1])
                done = inbox.Translation(event_id=event_id, translation=number, mapping_version="v1", at=NOON)
                inbox.add_outcomes(conn, [(done, Outcome(rule="a", kind=OutcomeKind(kind), reason="x"))])
    preview = run("events", "replay", "--source", "generic", "--preview").output
    assert "1 rejected" in preview
    assert "translated" not in preview
    assert [line["id"] for line in json.loads(run("events", "list", "--state", "rejected", "--json").output)] == [1]
    assert "1 rejected events; go on?" in run("events", "replay", "--source", "generic", input="y\n").output
    assert "2 to be translated again" in run("events", "replay", "--state", "done", "--yes").output
    assert "There are no such done events" in run("events", "replay", "--state", "done", "--yes").output


def test_the_doctor_and_the_metrics_name_what_holds_deliveries_back(bridge: Bridge, put: Put, a_worker: str) -> None:
    put(upsert())
    assert run("pause", "generic", "--reason", "a clean-up").exit_code == 0
    words = {one["what"]: one["words"] for one in json.loads(run("doctor", "--json").output)}
    assert "a clean-up" in words["pause"]
    assert "bridge resume source:generic" in words["pause"]
    assert words["workers"] == "1 alive"
    assert "the oldest delivery has waited" in words["waiting"]
    paused = sample(bridge.database, frozenset(), clock.now())
    said = text().decode()
    assert 'bridge_paused{cause="person",name="source:generic"} 1.0' in said
    assert "bridge_waiting_deliveries 1.0" in said
    assert run("resume", "generic").exit_code == 0
    sample(bridge.database, paused, clock.now())
    assert 'bridge_paused{cause="person",name="source:generic"} 0.0' in text().decode()


def test_the_doctor_warns_where_no_worker_is_alive(bridge: Bridge) -> None:
    [found] = [one for one in json.loads(run("doctor", "--json").output) if one["what"] == "workers"]
    assert found["state"] == "warning"
