"""What the documents say about thin events works: their mappings read the records of webhooks from a CRM's likeness."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge import clock
from bridge.db import Database
from bridge.fetch.fetch import Reader
from bridge.inbox.commit import Committer, Room
from bridge.inbox.receive import receive
from bridge.model import Received
from bridge.sources.signing import sign
from bridge.sources.source import Source
from tests.alvaria.scripted import Script, reply
from tests.fetch.crm_words import events, read_all
from tests.pages import blocks, section
from tests.words import SAMPLES

DOCS = Path(__file__).parents[2] / "docs"
Example = Callable[..., Reader]


def mappings(document: Path, heading: str) -> list[str]:
    text = section(document, heading)
    return [block.text for block in blocks(text) if block.language == "yaml" and "fetch:" in block.text]


@pytest.fixture
def example(crm: Script, source_of: Callable[..., Source], reader_of: Callable[..., Reader]) -> Example:
    """A function that makes a reader of a document's mapping, with the CRM's likeness at all of its addresses."""

    def make(text: str) -> Reader:
        there = re.sub(r"https://[\w.-]+(?=/\w)", crm.url, text)
        named = {name: f"the {name}" for name in re.findall(r"\$\{(\w+)\}", text)}
        return reader_of(source_of(there if "version:" in there else "version: 1\n" + there, env=named))

    return make


def send(database: Database, source: Source, request: Received) -> None:
    now = clock.now()
    answer = receive(
        Committer(database, Room()), source, replace(sign(source, request, now=now), received_at=now), now=now
    )
    assert answer.status == 200


def test_hubspot_is_asked_for_several_contacts_at_once(database: Database, crm: Script, example: Example) -> None:
    reader = example(mappings(DOCS / "mapping-reference.md", "### Thin events: fetch")[0])
    body = SAMPLES["hubspot/contact-batch.json"].request.body
    more = body.replace(b"3401990021", b"1").replace(b"1187302250", b"2").replace(b"2055718834", b"3")
    request = SAMPLES["hubspot/contact-batch.json"].request
    crm.acts.append(
        reply(207, {"results": [{"id": name, "properties": {"tier": name[-1]}} for name in ("90551204", "90551203")]})
    )
    send(database, reader.source, request)
    send(database, reader.source, replace(request, body=more.replace(b"90551203", b"90551204")))
    read_all(reader)
    assert [(one.type, one.record_id, one.record) for one in events(database)] == [
        ("contact.creation", "90551203", {"tier": "3"}),
        ("contact.propertyChange", "90551203", {"tier": "3", "lifecyclestage": "salesqualifiedlead"}),
        ("contact.deletion", "90438817", {}),
        ("contact.creation", "90551204", {"tier": "4"}),
        ("contact.propertyChange", "90551204", {"tier": "4", "lifecyclestage": "salesqualifiedlead"}),
        ("contact.deletion", "90438817", {}),
    ]
    [asked] = crm.requests
    assert asked.target == "/crm/v3/objects/contacts/batch/read"
    assert json.loads(asked.body) == {
        "inputs": [{"id": "90551203"}, {"id": "90551204"}],
        "properties": ["phone", "tier"],
    }
    assert asked.headers["authorization"] == "Bearer the HUBSPOT_APP_TOKEN"


def test_hubspot_is_asked_for_a_contact(database: Database, crm: Script, example: Example) -> None:
    reader = example(mappings(DOCS / "mapping-reference.md", "### Thin events: fetch")[0])
    crm.acts.append(reply(200, {"id": "90551203", "properties": {"phone": "+1", "tier": None}}))
    send(database, reader.source, SAMPLES["hubspot/contact-batch.json"].request)
    read_all(reader)
    assert events(database)[0].record == {"phone": "+1", "tier": None}
    assert [one.target for one in crm.requests] == ["/crm/v3/objects/contacts/90551203?properties=phone,tier"]


def test_attio_tells_what_its_events_leave_out(database: Database, crm: Script, example: Example) -> None:
    reader = example(mappings(DOCS / "crm" / "attio.md", "## Here")[0])
    values = {"name": [{"full_name": "Inês Marques"}], "phone_numbers": []}
    crm.acts.append(reply(200, {"data": {"id": {}, "values": values}}))
    send(database, reader.source, SAMPLES["attio/record-updated-and-merged.json"].request)
    read_all(reader)
    assert [one.record for one in events(database)] == [values, values]
    object_id, record_id = "97052eb9-e65e-443f-a297-f2d9a4a7f795", "bf071e1f-6035-429d-b874-d83ea64ea13b"
    assert [one.target for one in crm.requests] == [f"/v2/objects/{object_id}/records/{record_id}"]


def trimmed(request: Received) -> Received:
    """As Dataverse sends what would be too long."""
    whole: dict[str, Any] = json.loads(request.body)
    left = {
        name: whole[name] for name in whole if name not in ("InputParameters", "PreEntityImages", "PostEntityImages")
    }
    headers = {**request.headers, "x-ms-dynamics-msg-size-exceeded": "true"}
    return replace(request, headers=headers, body=json.dumps(left).encode())


def test_dynamics_is_asked_only_for_what_it_has_left_out(database: Database, crm: Script, example: Example) -> None:
    reader = example(mappings(DOCS / "mapping-reference.md", "### Thin events: fetch")[1])
    whole = SAMPLES["dynamics/contact-update.json"].request
    send(database, reader.source, whole)
    read_all(reader)
    assert crm.requests == []
    again = trimmed(whole)
    crm.acts.append(reply(200, {"access_token": "t-1", "expires_in": 3599}))
    crm.acts.append(reply(200, {"telephone1": "+351 21", "jobtitle": None}))
    send(database, reader.source, replace(again, body=again.body.replace(b"ea0040c9", b"ea0040d0")))
    read_all(reader)
    assert events(database)[1].record == {"telephone1": "+351 21", "jobtitle": None}
    signed_in, asked = crm.requests
    assert signed_in.target == "/acme.onmicrosoft.com/oauth2/v2.0/token"
    assert asked.target.startswith("/api/data/v9.2/contacts(a296faf9-2a1e-5fd9-bd1f-40fc4bc32a2f)?")
    assert asked.headers["authorization"] == "Bearer t-1"
