"""What people do with the API, from end to end: ask by hand, change under a lock, let a CRM's webhook do it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge import worker
from bridge.alvaria.client import Client
from bridge.alvaria.limits import Limits
from bridge.alvaria.lookup import Lookups
from bridge.inbox.queries import Wanted
from bridge.mappings import catalogue
from bridge.outbox import queries
from bridge.sandbox.serve import Sandbox
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.cli.conftest import run
from tests.sandbox.client import EVERY_SCOPE
from tests.sandbox.client import Client as Person

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "mappings" / "examples"
KEYS = {"callbacks": "key-a", "consent": "key-b", "contracts": "key-c"}
AT = "2026-05-12T09:30:00Z"
FILTER = {"filterId": "904"}

sqlite_alone = pytest.mark.parametrize("kind", ["sqlite"])


@pytest.fixture
def person(sandbox: Sandbox) -> Iterator[Person]:
    """Somebody else who works at the same organisation."""
    client = Person(sandbox.url)
    client.sign_in()
    yield client
    client.connection.close()


@pytest.fixture
def client(bridge: Bridge) -> Iterator[Client]:
    """The bridge's own, with all scopes: a work type's name is looked up in Provisioning."""
    known = bridge.client
    client = Client(
        base_url=known.base_url,
        token_url=known.token_url,
        org_id=known.org_id,
        client_id=known.client_id,
        client_secret=known.client_secret,
        api_key=known.api_key,
        scopes=EVERY_SCOPE,
    )
    yield client
    client.close()


@sqlite_alone
@pytest.mark.usefixtures("bridge")
def test_all_fast_path_lists_are_asked_for_by_hand() -> None:
    result = run("api", "campaign.listLists", "--param", "listType=2", "--json")
    assert result.exit_code == 0
    assert [one["name"] for one in json.loads(result.stdout)["contactLists"]] == ["Hot leads", "Callbacks"]


@sqlite_alone
@pytest.mark.usefixtures("bridge")
def test_all_pages_of_a_long_collection_are_asked_for_by_hand(person: Person) -> None:
    of_a_page = ("--param", "maxResults=20")
    result = run("api", "campaign.listLists", *of_a_page)
    assert result.stderr == "20 of 54; --all shows them all\n"
    result = run("api", "campaign.listLists", *of_a_page, "--all", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len({one["id"] for one in json.loads(result.stdout)}) == 54
    assert [one["query"] for one in person.journal("campaign.listLists")] == [
        "maxResults=20",
        "maxResults=20",
        "maxResults=20&startIndex=20",
        "maxResults=20&startIndex=40",
    ]


@sqlite_alone
def test_a_filter_that_somebody_else_has_changed_is_refused_and_then_changed_all_the_same(
    client: Client, person: Person
) -> None:
    path = "/via/v3/organizations/acme/campaign/filters/904"
    stale = json.dumps({"version": 1, "filterName": "Mine", "filterCriteria": "1 = 0"})
    others = [{"version": version, "filterName": f"Theirs {version}", "filterCriteria": "2 = 2"} for version in (1, 2)]
    assert person.put(path, others[0]).status == 200
    result = run("api", "campaign.replaceFilter", "--param", "filterId=904", "--body", stale)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "campaign.replaceFilter: status 409" in result.stderr
    assert "The version is 2 by now, not 1" in result.stderr
    seen = []

    def renamed(found: Any) -> Any:
        seen.append(found["filterName"])
        if len(seen) == 1:
            assert person.put(path, others[1]).status == 200
        return {**found, "filterName": "Mine"}

    assert client.change("campaign.getFilter", "campaign.replaceFilter", FILTER, renamed).status == 200
    assert seen == ["Theirs 1", "Theirs 2"]
    shown = person.get(path).json
    assert (shown["version"], shown["filterName"], shown["filterCriteria"]) == (4, "Mine", "2 = 2")


@pytest.fixture
def at_work(bridge: Bridge, client: Client) -> Bridge:
    """With the examples that are shipped, as they are."""
    environment = {f"{name.upper()}_KEY": key for name, key in KEYS.items()}
    examples = catalogue.load(EXAMPLES, env=environment, limits=Limits())
    return replace(bridge, catalogue=examples, client=client, lookups=Lookups(client))


def post(bridge: Bridge, source: str, event: str, record: dict[str, Any]) -> None:
    """A webhook of a CRM, and all that comes of it."""
    path = f"/webhooks/{source}"
    answer = (
        create_app(bridge)
        .test_client()
        .post(
            path,
            json={"event": event, "id": "evt-1", "created_at": AT, event.partition(".")[0]: record},
            headers={"X-Api-Key": KEYS[source]},
            environ_overrides={"RAW_URI": path},
        )
    )
    assert answer.status_code == 200, answer.text
    sender = worker.sender_of(bridge, "test/1/a")
    while worker.work_once(bridge, sender):
        pass


def states(bridge: Bridge) -> list[tuple[str, str]]:
    with bridge.database.reading() as conn:
        return [(one.rule, one.state) for one in queries.list_deliveries(conn, Wanted())]


def test_a_crms_event_is_a_callback_of_a_work_type_that_is_called_by_its_name(
    at_work: Bridge, person: Person, sandbox: Sandbox
) -> None:
    name = [{"locale": "en-US", "value": "Sales callbacks"}]
    known = sandbox.state.objects["provisioning.workTypes"]["5H9GYF.18"]
    sown = person.post("/_sandbox/seed", {"provisioning.workTypes": [{**known, "friendlyName": name}]})
    assert sown.status == 200
    record = {"id": "c-81", "phone": "(212) 555-0123", "at": "2026-05-12T15:00", "zone": "America/New_York"}
    post(at_work, "callbacks", "callback.requested", record)
    assert states(at_work) == [("callback", "delivered")]
    [asked] = person.journal("campaign.upsertCallback")
    assert (asked["status"], asked["body"]) == (
        201,
        {
            "workTypeId": "18",
            "phoneNumber": "2125550123",
            "callbackDateTime": "2026-05-12T19:00:00.000Z",
            "olsonTimeZone": "America/New_York",
            "callbackType": "ServiceLevel",
        },
    )


def test_who_opts_out_is_excluded(at_work: Bridge, person: Person) -> None:
    status = "/via/v2/organizations/acme/campaign/exclusionStatuses?contactList=ALL&phoneNumber=2125550123"
    post(at_work, "consent", "contact.opted_out", {"id": 77, "phone": "(212) 555-0123", "reason": "by e-mail"})
    assert states(at_work) == [("opt-out", "delivered")]
    path = "/via/v2/organizations/acme/campaign/exclusions"
    [found] = person.get(f"{path}?contactAddress=2125550123").json["accountControlItems"]
    kept = person.get(f"{path}/{found['id']}").json
    assert (kept["contactType"], kept["reason"], kept["startTime"]) == (1, "by e-mail", "2026-05-12T09:30:00.000Z")
    [item] = person.get(status).json["accountControlQueryItems"]
    assert (item["result"], item["exclusionType"]) == (0, 1)
