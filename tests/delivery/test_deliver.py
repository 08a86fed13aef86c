"""Delivery against the sandbox over its socket: what shares a request, what a refusal, a limit or an outage costs."""

import time
from dataclasses import replace
from typing import Any

import pytest
import requests

from bridge import clock, worker
from bridge.alvaria.lookup import Lookups
from bridge.delivery import store
from bridge.delivery.budget import Wait
from bridge.delivery.deliver import deliver_next
from bridge.delivery.pause import Cause, Pause
from bridge.delivery.turn import Sender
from bridge.demo.play import wait_until
from bridge.model import Delivery, Priority
from bridge.outbox.plan import DELETE, UPSERT, Room
from bridge.sandbox.serve import Sandbox
from bridge.wiring import Bridge
from tests.outbox.acts import INSERT, deletion, found, given, group, later, line, states
from tests.words import insert, upsert

WORDS = "Validation exception. This answer was ordered as a fault."
"""What the sandbox says of a poison."""


def work(sender: Sender) -> None:
    """Until nothing is due any more."""
    while deliver_next(sender) is None:
        pass


def at(seconds: float) -> None:
    clock.start_at(later(seconds))


def journal(sandbox: Sandbox, operation: str = UPSERT) -> list[dict[str, Any]]:
    url = f"{sandbox.url}/_sandbox/requests"
    asked: list[dict[str, Any]] = requests.get(url, params={"operation": operation}, timeout=10).json()["requests"]
    return asked


def statuses(sandbox: Sandbox, operation: str = UPSERT) -> list[int | None]:
    return [one["status"] for one in journal(sandbox, operation)]


def cookies(sandbox: Sandbox) -> dict[str, str]:
    settings = requests.get(f"{sandbox.url}/_sandbox/settings", timeout=10).json()["settings"]
    return {one["key"]: one["content"] for one in settings}


def fault(sandbox: Sandbox, operation: str = UPSERT, **order: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json={"operation": operation, **order}, timeout=10)
    assert answer.ok, answer.text


def mend(sandbox: Sandbox) -> None:
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=10).raise_for_status()


def put(sandbox: Sandbox, what: str, **values: Any) -> None:
    requests.put(f"{sandbox.url}/_sandbox/{what}", json=values, timeout=10).raise_for_status()


def pauses(bridge: Bridge) -> list[Pause]:
    with bridge.database.reading() as conn:
        return store.all_pauses(conn)


def groups(count: int, *, first: int = 0, **more: Any) -> list[Delivery]:
    return [group({f"crm.k{number}": "good"}, **more) for number in range(first, first + count)]


# What shares a request


def test_the_groups_of_several_webhooks_share_a_request(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    added = [number for one in groups(5) for number in given(bridge.database, one)]
    work(sender)
    [posted] = journal(sandbox)
    assert [one["key"] for one in posted["body"]["settings"]] == [f"crm.k{number}" for number in range(5)]
    assert states(bridge.database, added) == ["delivered"] * 5


def test_a_group_is_never_split(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    given(bridge.database, *(group({f"crm.{name}{place}": "x" for place in range(3)}) for name in "abcd"))
    work(replace(sender, room=Room(settings=8, bytes=100_000)))
    sent = [[one["key"][:5] for one in posted["body"]["settings"]] for posted in journal(sandbox)]
    assert sent == [["crm.a"] * 3 + ["crm.b"] * 3, ["crm.c"] * 3 + ["crm.d"] * 3]


def test_inserts_and_deletions_never_share(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    record = insert().body["fastPathRecords"][0] | {"fastPathRecord": "7".ljust(42)}
    body = {"fastPathRecords": [record]}
    inserts = [insert(order_key=name, body=body) for name in "abc"]
    added = given(bridge.database, *inserts, deletion("crm.a"), deletion("crm.b"))
    work(sender)
    assert states(bridge.database, added) == ["delivered"] * 5
    assert [len(one["body"]["fastPathRecords"]) for one in journal(sandbox, INSERT)] == [1, 1, 1]
    assert len(journal(sandbox, DELETE)) == 2


def test_live_goes_before_replay(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    given(bridge.database, *groups(3, priority=Priority.REPLAY), *groups(3, first=3))
    work(replace(sender, room=Room(settings=1, bytes=1)))
    first_three = [posted["body"]["settings"][0]["key"] for posted in journal(sandbox)][:3]
    assert first_three == ["crm.k3", "crm.k4", "crm.k5"]


def test_what_is_superseded_or_unchanged_costs_no_request(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    old, new = (given(bridge.database, group({"crm.a": text}, later(at))) for at, text in ((1, "old"), (2, "new")))
    work(sender)
    assert len(journal(sandbox)) == 1
    same, older = (given(bridge.database, group({"crm.a": text}, later(at))) for at, text in ((3, "new"), (1, "old")))
    work(sender)
    assert len(journal(sandbox)) == 1
    assert states(bridge.database, [*old, *new, *same, *older]) == [
        "superseded",
        "delivered",
        "unchanged",
        "superseded",
    ]


# What is refused


@pytest.mark.parametrize("place", [0, 57, 99])
def test_one_poison_among_a_hundred_dies_alone_and_the_next_of_its_kind_costs_little(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, place: int
) -> None:
    fault(sandbox, match="poison", status=400, times=1000)
    added = given(bridge.database, *groups(place), poison("first"), *groups(99 - place, first=place))
    work(sender)
    assert states(bridge.database, added) == ["delivered"] * place + ["dead"] + ["delivered"] * (99 - place)
    assert found(bridge.database, added[place]).reason == f"status 400: {WORDS}"
    asked = len(journal(sandbox))
    assert asked <= 15
    more = given(bridge.database, *groups(50, first=200), poison("second"), *groups(49, first=250))
    work(sender)
    assert states(bridge.database, more) == ["delivered"] * 50 + ["dead"] + ["delivered"] * 49
    assert len(journal(sandbox)) - asked <= 3


def poison(key: str, **more: Any) -> Delivery:
    return group({f"crm.{key}": "poison"}, rule="poisoned", **more)


def test_what_the_api_names_is_found_at_once(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    put(sandbox, "limits", content=5)
    added = given(bridge.database, *groups(57), poison("first"), *groups(42, first=57))
    work(sender)
    assert states(bridge.database, added) == ["delivered"] * 57 + ["dead"] + ["delivered"] * 42
    assert found(bridge.database, added[57]).reason.startswith("status 400: Validation exception. settings[0]: content")
    assert statuses(sandbox) == [400, 400, 204]


def test_a_rule_that_is_always_refused_is_paused_and_the_others_go_on(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    fault(sandbox, match="poison", status=400, times=1000)
    bad = given(bridge.database, *(poison(f"bad{number}") for number in range(60)))
    good = given(bridge.database, *groups(10))
    work(sender)
    assert states(bridge.database, good) == ["delivered"] * 10
    assert sorted(states(bridge.database, bad)) == ["dead"] * 20 + ["waiting"] * 40
    [pause] = pauses(bridge)
    assert (pause.name, pause.cause, pause.probe_at) == ("rule:generic/poisoned", Cause.REFUSALS, None)
    assert pause.reason == f"refused 20 times: {WORDS}"
    waiting = next(number for number in bad if found(bridge.database, number).state == "waiting")
    assert "The rule generic/poisoned is paused" in found(bridge.database, waiting).reason
    asked = len(journal(sandbox))
    [late] = given(bridge.database, poison("late"))
    [other] = given(bridge.database, group({"crm.other": "good"}))
    work(sender)
    assert states(bridge.database, [late, other]) == ["waiting", "delivered"]
    assert len(journal(sandbox)) == asked + 1


def test_a_rule_that_was_paused_sends_again_when_its_mapping_is_another_one(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    fault(sandbox, match="poison", status=400, times=1000)
    bad = given(bridge.database, *(poison(f"bad{number}") for number in range(21)))
    work(sender)
    [left] = [number for number in bad if found(bridge.database, number).state == "waiting"]
    [still_bad] = given(bridge.database, poison("bad", mapping_version="v2"))
    work(sender)
    assert states(bridge.database, [left, still_bad]) == ["waiting", "dead"], "it has its own chance"
    [mended] = given(bridge.database, group({"crm.a": "good"}, rule="poisoned", mapping_version="v3"))
    work(sender)
    assert states(bridge.database, [left, mended]) == ["waiting", "delivered"]
    assert pauses(bridge) == []
    at(400)
    work(sender)
    assert states(bridge.database, [left]) == ["dead"]


# Limits and outages


def test_being_asked_to_wait_costs_no_attempt_and_no_request(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    fault(sandbox, status=429, headers={"Retry-After": "300"})
    added = given(bridge.database, *groups(3))
    work(sender)
    at(290)
    added += given(bridge.database, *groups(1, first=3))
    work(sender)
    assert statuses(sandbox) == [429]
    at(302)
    work(sender)
    assert statuses(sandbox) == [429, 204]
    assert {(found(bridge.database, number).state, found(bridge.database, number).attempts) for number in added} == {
        ("delivered", 1)
    }


def test_the_apis_limit_is_kept(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    put(sandbox, "rate-limit", limit=10, window_s=1.0)
    added = given(bridge.database, *groups(35))
    one_by_one = replace(sender, room=Room(settings=1, bytes=1))
    while "waiting" in states(bridge.database, added):
        wait = deliver_next(one_by_one)
        if isinstance(wait, Wait):
            time.sleep(max(0.0, (wait.until - clock.now()).total_seconds()))
    sent = statuses(sandbox)
    assert sent.count(204) == 35
    assert 429 not in sent[11:]
    assert {found(bridge.database, number).attempts for number in added} == {1}


def test_an_api_that_is_down_is_left_alone_and_taken_up_again_gently(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    policy = replace(sender.policy, base_s=60, cap_s=60)
    one_by_one = replace(sender, room=Room(settings=1, bytes=1), policy=policy)
    fault(sandbox, status=500, times=1000)
    added = given(bridge.database, *groups(8))
    work(one_by_one)
    assert statuses(sandbox) == [500] * 5
    [pause] = pauses(bridge)
    assert (pause.name, pause.cause, pause.interval_s) == ("category:customerexperience", Cause.OUTAGE, 60)
    at(70)
    work(one_by_one)
    assert statuses(sandbox) == [500] * 6, "one probe for each interval"
    mend(sandbox)
    for moment, interval_s in ((140, 15), (160, 3.75), (170, 0.9375)):
        at(moment)
        before = len(journal(sandbox))
        assert deliver_next(one_by_one) is None
        assert len(journal(sandbox)) == before + 1
        assert [pause.interval_s for pause in pauses(bridge)] == [interval_s]
    at(180)
    work(one_by_one)
    assert pauses(bridge) == []
    at(300)
    work(one_by_one)
    assert states(bridge.database, added) == ["delivered"] * 8


def test_a_token_that_is_refused_pauses_everything(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    unknown = replace(bridge.client, client_secret="wrong")
    wrong = replace(sender, client=unknown, lookups=Lookups(unknown))
    added = given(bridge.database, upsert(), deletion("crm.a"), insert())
    work(wrong)
    # One request, whichever it is; an insert looks at its list before.
    assert len(journal(sandbox, "token")) <= 2
    assert [pause.name for pause in pauses(bridge)] == ["all"]
    assert states(bridge.database, added) == ["waiting"] * 3
    assert {found(bridge.database, number).attempts for number in added} == {0}
    at(70)
    work(sender)
    assert pauses(bridge) == []
    at(140)
    work(sender)
    assert states(bridge.database, added)[:2] == ["delivered", "delivered"]


def test_an_organisation_that_alvaria_does_not_know_pauses_everything_and_nothing_dies(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    fault(sandbox, status=404, times=1)
    added = given(bridge.database, *groups(3))
    work(sender)
    [pause] = pauses(bridge)
    assert (pause.name, pause.cause) == ("all", Cause.CONFIGURATION)
    assert "check ALVARIA_ORG_ID" in pause.reason
    assert states(bridge.database, added) == ["waiting"] * 3
    for seconds in (70, 140):
        at(seconds)
        work(sender)
    assert states(bridge.database, added) == ["delivered"] * 3


def test_a_write_that_is_carried_out_late_is_written_over(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    fault(sandbox, match='"old"', delay_s=2.5)
    given(bridge.database, group({"crm.a": "old"}, later(1)))
    impatient = replace(bridge.client, read_timeout_s=1)
    work(replace(sender, client=impatient))
    assert line(bridge.database, "crm.a")["unsettled_until"] is not None
    [newer] = given(bridge.database, group({"crm.a": "new"}, later(2)))
    work(sender)
    assert states(bridge.database, [newer]) == ["delivered"]
    wait_until(lambda: cookies(sandbox) == {"crm.a": "old"}, "the old value has come late")
    at(130)
    worker.release(bridge, sender.worker)
    work(sender)
    assert cookies(sandbox) == {"crm.a": "new"}
    assert line(bridge.database, "crm.a")["unsettled_until"] is None
