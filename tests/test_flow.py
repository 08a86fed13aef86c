"""The whole street: a signed webhook over HTTP, through the rules, to the sandbox over a real socket, and read back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from bridge import clock, worker
from bridge.delivery.deliver import deliver_next
from bridge.delivery.turn import Sender
from bridge.errors import BadSettings
from bridge.inbox import queries as inbox
from bridge.inbox import store
from bridge.inbox.queries import Wanted
from bridge.outbox import fill as module
from bridge.outbox import queries
from bridge.outbox.fill import fill
from bridge.outbox.queries import DeliveryLine
from bridge.outbox.store import queue
from bridge.sandbox.serve import Sandbox
from bridge.sources.signing import sign
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.words import NOON, SAMPLES, event, insert, upsert, webhook

UPSERT = "contextCookies.upsertSettings"
INSERT = "campaign.insertFastPathRecords"


def post(bridge: Bridge, name: str, change: Callable[[bytes], bytes] = lambda body: body) -> None:
    """The sample, or one made from it, as its CRM would send it."""
    sample = SAMPLES[name]
    source = bridge.catalogue.mappings[sample.source].source
    request = sign(source, replace(sample.request, body=change(sample.request.body)), now=clock.now())
    path = request.url.removeprefix("https://bridge.example.com")
    answer = (
        create_app(bridge)
        .test_client()
        .post(path, data=request.body, headers=dict(request.headers), environ_overrides={"RAW_URI": path})
    )
    assert answer.status_code == 200


def work(bridge: Bridge, sender: Sender) -> None:
    """Until nothing is due any more."""
    while worker.work_once(bridge, sender):
        pass


def deliveries(bridge: Bridge) -> list[DeliveryLine]:
    with bridge.database.reading() as conn:
        return list(reversed(queries.list_deliveries(conn, Wanted())))


def outcomes(bridge: Bridge, event_id: int) -> dict[str, str]:
    with bridge.database.reading() as conn:
        return {line.rule: line.kind for line in inbox.outcomes_of(conn, event_id)}


def cookies(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    settings = requests.get(f"{sandbox.url}/_sandbox/settings", timeout=10).json()["settings"]
    return {(one["customerId"], one["key"]): one["content"] for one in settings}


def records(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{sandbox.url}/_sandbox/fast-path/4711", timeout=10).json()["records"]
    return found


def journal(sandbox: Sandbox, operation: str) -> list[dict[str, Any]]:
    url = f"{sandbox.url}/_sandbox/requests"
    found: list[dict[str, Any]] = requests.get(url, params={"operation": operation}, timeout=10).json()["requests"]
    return found


def fault(sandbox: Sandbox, operation: str, **order: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json={"operation": operation, **order}, timeout=10)
    assert answer.ok, answer.text


def test_a_lead_becomes_cookies(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    post(bridge, "generic/lead-created.json")
    work(bridge, sender)
    wanted = {("18422", "crm.name"): "Jonas Weiß", ("18422", "crm.score"): "71.5", ("18422", "crm.consent"): "true"}
    assert cookies(sandbox) == wanted
    assert outcomes(bridge, 1) == {"lead": "translated", "gone": "ignored"}


def test_a_hot_lead_is_dialled_once_however_often_it_changes(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    post(bridge, "hubspot/hot-lead.json")
    post(bridge, "hubspot/hot-lead.json", lambda body: body.replace(b"11873022", b"11873033").replace(b'"91"', b'"95"'))
    work(bridge, sender)
    [record] = records(sandbox)
    assert record["fields"] == {"@ACCOUNT": "90551203", "@NUMBER": "2125550123", "@NAME": ""}
    assert cookies(sandbox)["+12125550123", "crm.tier"] == "gold"


def test_a_deleted_contact_is_forgotten_under_all_its_names(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    post(bridge, "hubspot/hot-lead.json")
    work(bridge, sender)
    assert len(cookies(sandbox)) == 4
    later = (b'"occurredAt":17785781', b'"occurredAt":17785791')
    post(bridge, "hubspot/contact-batch.json", lambda body: body.replace(b"90438817", b"90551203").replace(*later))
    work(bridge, sender)
    assert cookies(sandbox) == {}


def test_what_the_api_refuses_is_dead_with_its_own_words(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    requests.put(f"{sandbox.url}/_sandbox/limits", json={"content": 5}, timeout=10).raise_for_status()
    post(bridge, "generic/lead-created.json")
    work(bridge, sender)
    [delivery] = deliveries(bridge)
    assert delivery.state == "dead"
    assert delivery.reason.startswith("status 400: ")
    assert "settings[0]" in delivery.reason
    assert len(journal(sandbox, UPSERT)) == 1


def test_too_many_requests_are_obeyed_and_hold_back_the_next_ones(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    fault(sandbox, UPSERT, times=1, status=429, headers={"Retry-After": "30"})
    post(bridge, "salesforce/contact-outbound-message.xml")
    work(bridge, sender)
    assert len(journal(sandbox, UPSERT)) == 1
    assert [line.state for line in deliveries(bridge)] == ["waiting", "waiting"]
    clock.start_at(NOON.replace(minute=31))
    work(bridge, sender)
    assert [(line.state, line.attempts) for line in deliveries(bridge)] == [("delivered", 1), ("delivered", 1)]


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 503}, {"drop": "before"}, {"drop": "after"}])
def test_cookies_survive_any_passing_trouble(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, trouble: dict[str, Any]
) -> None:
    fault(sandbox, UPSERT, times=2, **trouble)
    post(bridge, "generic/lead-created.json")
    for minute in (30, 40, 50):
        clock.start_at(NOON.replace(minute=minute))
        work(bridge, sender)
    [delivery] = deliveries(bridge)
    assert (delivery.state, delivery.attempts) == ("delivered", 3)
    assert len(cookies(sandbox)) == 3


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 408}, {"drop": "before"}, {"drop": "after"}])
def test_a_record_in_doubt_is_never_sent_again_by_itself(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, trouble: dict[str, Any]
) -> None:
    fault(sandbox, INSERT, times=1, **trouble)
    post(bridge, "hubspot/hot-lead.json")
    for minute in (30, 40, 50):
        clock.start_at(NOON.replace(minute=minute))
        work(bridge, sender)
    [delivery] = [line for line in deliveries(bridge) if line.operation == INSERT]
    assert delivery.state == "unknown"
    assert len(journal(sandbox, INSERT)) == 1
    assert len(records(sandbox)) == (1 if trouble.get("drop") == "after" else 0)


def test_a_person_settles_a_doubt(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    fault(sandbox, INSERT, times=1, status=500)
    post(bridge, "hubspot/hot-lead.json")
    work(bridge, sender)
    [doubtful] = [line.id for line in deliveries(bridge) if line.state == "unknown"]
    with bridge.database.transaction() as conn:
        assert queue.retry(conn, doubtful, now=clock.now())
    work(bridge, sender)
    assert len(records(sandbox)) == 1


def test_a_refused_connection_is_no_doubt(bridge: Bridge, sender: Sender) -> None:
    add(bridge, insert())
    lost = replace(sender, client=replace(bridge.client, base_url="http://127.0.0.1:1"))
    assert deliver_next(lost) is None
    assert deliveries(bridge)[0].state == "waiting"


def test_a_list_that_does_not_exist_is_told_and_nothing_is_sent(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    add(bridge, insert(params={"listId": {"id_of": "Hot leeds", "by": "campaign.listLists"}}))
    work(bridge, sender)
    [delivery] = deliveries(bridge)
    assert delivery.state == "dead"
    assert 'there is no list named "Hot leeds"' in delivery.reason
    assert journal(sandbox, INSERT) == []


def test_a_token_that_is_withdrawn_is_fetched_anew(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    post(bridge, "generic/lead-created.json")
    work(bridge, sender)
    requests.post(f"{sandbox.url}/_sandbox/tokens/revoke", timeout=10).raise_for_status()
    post(bridge, "salesforce/contact-outbound-message.xml")
    work(bridge, sender)
    assert [line.state for line in deliveries(bridge)] == ["delivered"] * 3


def test_wrong_credentials_hold_everything_and_burn_nothing(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    post(bridge, "salesforce/contact-outbound-message.xml")
    wrong = replace(sender, client=replace(bridge.client, client_secret="wrong"))
    work(bridge, wrong)
    assert [line.state for line in deliveries(bridge)] == ["waiting", "waiting"]
    assert sum(line.attempts for line in deliveries(bridge)) == 0
    assert len(journal(sandbox, "token")) == 1
    clock.start_at(NOON.replace(minute=40))
    work(bridge, sender)
    assert [line.state for line in deliveries(bridge)] == ["delivered", "delivered"]


def test_what_has_run_out_while_it_waited_is_not_sent(bridge: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    body = {"settings": [{**upsert().body["settings"][0], "expiresOnTime": "2026-05-12T09:35:00.000Z"}]}
    add(bridge, upsert(body=body))
    clock.start_at(NOON.replace(minute=36))
    work(bridge, sender)
    [delivery] = deliveries(bridge)
    assert delivery.state == "dead"
    assert "ran out" in delivery.reason
    assert journal(sandbox, UPSERT) == []


def test_events_of_a_source_with_broken_rules_wait_and_the_others_go_on(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    mappings = dict(bridge.catalogue.mappings)
    broken = {**mappings, "generic": replace(mappings["generic"], rules=None)}
    lame = replace(bridge, catalogue=replace(bridge.catalogue, mappings=broken))
    post(lame, "generic/lead-created.json")
    post(lame, "salesforce/contact-outbound-message.xml")
    work(lame, sender)
    assert len(cookies(sandbox)) == 6
    work(bridge, sender)
    assert len(cookies(sandbox)) == 9


def test_a_replay_runs_what_was_not_carried_out_and_nothing_twice(
    bridge: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    post(bridge, "hubspot/hot-lead.json")
    work(bridge, sender)
    with bridge.database.transaction() as conn:
        for line in inbox.list_events(conn, Wanted()):
            assert store.replay(conn, line.id)
    work(bridge, sender)
    assert len(records(sandbox)) == 1
    with bridge.database.reading() as conn:
        again = [line.rule for line in inbox.outcomes_of(conn, 3) if line.translation == 2]
    assert again == ["gone", "call-back"]


def test_a_fault_of_ours_in_one_event_does_not_stop_the_others(
    bridge: Bridge, sandbox: Sandbox, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = module.translate

    def failing(mapping: Any, event: Any, **options: Any) -> Any:
        if event.record_id == "0035w0000001g6qAAA":
            raise ZeroDivisionError
        return whole(mapping, event, **options)

    monkeypatch.setattr(module, "translate", failing)
    post(bridge, "salesforce/contact-outbound-message.xml")
    work(bridge, sender)
    assert outcomes(bridge, 1) == {"contact": "rejected"}
    assert outcomes(bridge, 2) == {"contact": "translated"}


def test_a_database_never_delivers_to_another_organisation(bridge: Bridge, sender: Sender) -> None:
    add(bridge, insert(), insert(item=1))
    assert deliver_next(sender) is None
    with pytest.raises(BadSettings, match="another database"):
        deliver_next(replace(worker.sender_of(bridge, "test/1/b"), target="https://other.example.com"))
    assert deliveries(bridge)[1].state == "waiting"


def test_filling_takes_the_oldest_first_and_no_more_than_asked(bridge: Bridge) -> None:
    post(bridge, "salesforce/contact-outbound-message.xml")
    options = {"limits": bridge.settings.limits, "now": clock.now()}
    assert [fill(bridge.database, bridge.catalogue, at_most=1, **options) for _ in range(3)] == [1, 1, 0]


def add(bridge: Bridge, *found: Any) -> None:
    """Deliveries of their own event, past the rules."""
    with bridge.database.transaction() as conn:
        store.keep(conn, webhook(), (event(),))
        [(kept, _)] = store.next_new(conn, ["generic"], 1)
        store.mark_done(conn, [kept.id])
        queue.add(conn, [(kept, one) for one in found], now=clock.now())
