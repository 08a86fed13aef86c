"""The shipped examples at work: a webhook over HTTP, through the rules, to an API over a real socket."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import clock, worker
from bridge.alvaria.client import Client
from bridge.alvaria.limits import Limits
from bridge.alvaria.lookup import Lookups
from bridge.inbox.queries import Wanted
from bridge.mappings import catalogue, trial
from bridge.mappings.catalogue import Catalogue
from bridge.outbox import queries
from bridge.outbox.queries import DeliveryLine
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.alvaria.scripted import SECRETS, Script, reply, scripted
from tests.words import NOON

EXAMPLES = Path(__file__).parent.parent / "mappings" / "examples"
ENVIRONMENT = {"CALLBACKS_KEY": "key-a", "CONSENT_KEY": "key-b", "CONTRACTS_KEY": "key-c"}
KEYS = {"callbacks": "key-a", "consent": "key-b", "contracts": "key-c"}
AT = "2026-05-12T09:30:00Z"

Post = Callable[..., None]


def examples(folder: Path = EXAMPLES) -> Catalogue:
    return catalogue.load(folder, env=ENVIRONMENT, limits=Limits())


@pytest.mark.parametrize("name", KEYS)
def test_an_example_has_no_mistake_and_its_tests_hold(name: str) -> None:
    found = examples()
    assert [str(problem) for problem in found.problems if problem.severity == "error"] == []
    assert found.mappings[name].tests
    assert trial.run(found.mappings[name], limits=Limits()) == []


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as running:
        yield running


@pytest.fixture
def at_work(bridge: Bridge, script: Script, tmp_path: Path) -> Iterator[Bridge]:
    """A bridge with the examples; where they name a strategy or a work type, its id is written."""
    for file in [*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("layouts/*.yaml")]:
        text = file.read_text("utf-8")
        text = text.replace("{id_of: Spring renewals, by: campaign.listStrategies}", "12")
        text = text.replace("{id_of: Sales callbacks, by: provisioning.listWorkTypes}", '"18"')
        copy = tmp_path / "examples" / file.relative_to(EXAMPLES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, "utf-8")
    client = Client(
        base_url=script.url, token_url=f"{script.url}/token", org_id="acme", scopes="outreachapi", **SECRETS
    )
    yield replace(bridge, catalogue=examples(tmp_path / "examples"), client=client, lookups=Lookups(client))
    client.close()


@pytest.fixture
def post(at_work: Bridge) -> Post:
    def post(source: str, event: str, number: str, record: dict[str, Any]) -> None:
        path = f"/webhooks/{source}"
        answer = (
            create_app(at_work)
            .test_client()
            .post(
                path,
                json={"event": event, "id": number, "created_at": AT, event.partition(".")[0]: record},
                headers={"X-Api-Key": KEYS[source]},
                environ_overrides={"RAW_URI": path},
            )
        )
        assert answer.status_code == 200, answer.text

    return post


def work(bridge: Bridge) -> None:
    sender = worker.sender_of(bridge, "test/1/a")
    while worker.work_once(bridge, sender):
        pass


def deliveries(bridge: Bridge) -> list[DeliveryLine]:
    with bridge.database.reading() as conn:
        return list(reversed(queries.list_deliveries(conn, Wanted())))


def asked(script: Script) -> list[tuple[str, str, Any]]:
    """What writes; the look-up of a list answers nothing that could be read."""
    return [(one.method, one.target, json.loads(one.body)) for one in script.requests if one.method != "GET"]


def test_a_callback_at_the_customers_own_time(at_work: Bridge, script: Script, post: Post) -> None:
    record = {"id": "c-81", "phone": "(212) 555-0123", "at": "2026-05-12T15:00", "zone": "America/New_York"}
    post("callbacks", "callback.requested", "evt-1", record)
    post("callbacks", "callback.changed", "evt-2", {**record, "at": "2026-05-12T16:30"})
    work(at_work)
    body = {
        "workTypeId": "18",
        "phoneNumber": "2125550123",
        "callbackDateTime": "2026-05-12T19:00:00.000Z",
        "olsonTimeZone": "America/New_York",
        "callbackType": "ServiceLevel",
    }
    path = "/via/v3/organizations/acme/campaign/callbacks"
    later = {**body, "callbackDateTime": "2026-05-12T20:30:00.000Z"}
    assert asked(script) == [("POST", path, body), ("POST", path, later)]
    assert [one.state for one in deliveries(at_work)] == ["delivered", "delivered"]


def test_an_opt_out_excludes_the_number_and_stops_what_waits_for_it(
    at_work: Bridge, script: Script, post: Post
) -> None:
    post("consent", "contact.hot", "evt-1", {"id": 77, "phone": "(212) 555-0123"})
    post("consent", "contact.hot", "evt-2", {"id": 78, "phone": "(212) 555-0199"})
    post("contracts", "contract.created", "evt-3", {"id": "C-1", "phone": "+12125550123", "holder": "Ada King"})
    assert worker.fill_once(at_work)
    post("consent", "contact.opted_out", "evt-4", {"id": 77, "phone": "212.555.0123"})
    assert worker.fill_once(at_work)
    found = {(one.rule, one.state): one.reason for one in deliveries(at_work)}
    stopped = "stopped by rule opt-out of consent, event 4"
    assert found == {
        ("dial", "discarded"): stopped,
        ("dial", "waiting"): "",
        ("new-contract", "discarded"): stopped,
        ("opt-out", "waiting"): "",
    }
    work(at_work)
    [(_, path, body)] = asked(script)
    assert path == "/via/v2/organizations/acme/campaign/exclusions"
    assert body["accountControlItems"][0]["contactAddress"] == "2125550123"


def test_a_lost_answer_to_an_exclusion_is_no_reason_to_leave_it_out(
    at_work: Bridge, script: Script, post: Post
) -> None:
    post("consent", "contact.opted_out", "evt-1", {"id": 77, "phone": "212.555.0123"})
    script.acts.append(reply(503))
    work(at_work)
    [delivery] = deliveries(at_work)
    assert delivery.state == "waiting"


def test_a_record_goes_into_a_strategy_before_its_changes(at_work: Bridge, script: Script, post: Post) -> None:
    post("contracts", "contract.created", "evt-1", {"id": "C-1", "phone": "+12125550123", "holder": "Ada King"})
    post("contracts", "contract.updated", "evt-2", {"id": "C-1", "phone": "+12125550199"})
    script.acts.append(reply(504))
    work(at_work)
    # Nobody knows whether the record is there: its change waits until a person has said so.
    assert [(one.rule, one.state) for one in deliveries(at_work)] == [
        ("new-contract", "unknown"),
        ("new-number", "waiting"),
    ]
    [(method, path, body)] = asked(script)
    assert (method, path) == ("POST", "/via/v2/organizations/acme/campaign/strategies/12/records")
    assert body["records"][0]["items"][0] == {"field": "@ACCOUNT", "value": "C-1"}
    assert len(body["records"][0]["items"]) == 3


def test_a_name_in_a_body_is_looked_up_when_it_is_sent(
    at_work: Bridge, script: Script, tmp_path: Path, post: Post
) -> None:
    (tmp_path / "examples" / "opt-out.yaml").write_text(NAMED, "utf-8")
    bridge = replace(at_work, catalogue=examples(tmp_path / "examples"))
    post("consent", "contact.hot", "evt-1", {"id": 77})
    found = {"contactLists": [{"id": 4711, "name": "Hot leads"}], "totalItems": 1}
    script.acts.extend([reply(503), reply(200, found), reply(201)])
    work(bridge)
    assert [one.state for one in deliveries(bridge)] == ["waiting"]
    assert [one.method for one in script.requests] == ["GET"]
    clock.start_at(NOON + timedelta(hours=1))
    work(bridge)
    assert [one.state for one in deliveries(bridge)] == ["delivered"]
    sent = {"filterName": "hot", "filterCriteria": "a = 1", "schemaId": "4711"}
    assert json.loads(script.requests[-1].body) == sent
    assert [one.method for one in script.requests] == ["GET", "GET", "POST"]


NAMED = """
version: 1
source: {name: consent, preset: generic, secrets: {api_key: ["${CONSENT_KEY}"]}}
rules:
  - name: filter
    once: {per: "{{ event.id }}"}
    operation:
      id: campaign.createFilter
      body: {filterName: hot, filterCriteria: a = 1, schemaId: {id_of: "{{ 'Hot leads' }}", by: campaign.listLists}}
"""
