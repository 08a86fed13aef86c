"""The recorded requests of CRMs, and sources that can verify and read them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from bridge.documents import load
from bridge.errors import Problem
from bridge.model import Received
from bridge.sources.schema import read_source
from bridge.sources.source import Source
from tests.words import NOON

SAMPLES = Path(__file__).parents[2] / "bridge" / "demo" / "samples"
INDEX = {entry["body"]: entry for entry in json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))}

BATCH = "hubspot/contact-batch.json"
ENCODED_URL = "hubspot/contact-batch-encoded-url.json"
SOAP = "salesforce/contact-outbound-message.xml"
LEAD = "generic/lead-created.json"
ALL = (BATCH, ENCODED_URL, SOAP, LEAD)

ENV = {
    "HUBSPOT": INDEX[BATCH]["secrets"]["client_secret"],
    "URL_KEY": INDEX[SOAP]["secrets"]["query key"],
    "ORGANIZATION": INDEX[SOAP]["secrets"]["OrganizationId"],
    "API_KEY": INDEX[LEAD]["secrets"]["x-api-key"],
}

SOURCES = {
    "hubspot": "{name: hubspot, preset: hubspot, secrets: {client_secret: ['${HUBSPOT}']}}",
    "salesforce": (
        "{name: salesforce, preset: salesforce-outbound,"
        " secrets: {url_key: ['${URL_KEY}'], organization_id: ['${ORGANIZATION}']}}"
    ),
    "generic": "{name: generic, preset: generic, secrets: {api_key: ['${API_KEY}']}}",
}


def problems_of(yaml: str, env: dict[str, str] | None = None) -> tuple[Source | None, list[Problem]]:
    """What becomes of a file whose text after `source:` is this."""
    document = load(f"version: 1\nsource: {yaml}", "mine.yaml")
    return read_source(document, ("source",), ENV if env is None else env)


def source(yaml: str, env: dict[str, str] | None = None) -> Source:
    found, problems = problems_of(yaml, env)
    assert found, problems
    return found


@cache
def source_of(sample: str, **env: str) -> Source:
    return source(SOURCES[sample.partition("/")[0]], ENV | env)


def received(sample: str, **changes: Any) -> Received:
    """The request as it was recorded; `headers` are added to its own, None takes one away."""
    recorded = json.loads((SAMPLES / sample).with_suffix(".headers.json").read_text(encoding="utf-8"))
    headers = {name.lower(): value for name, value in recorded["headers"].items()} | changes.pop("headers", {})
    request = Received(
        method=recorded["method"],
        url=recorded["url"],
        headers={name: value for name, value in headers.items() if value is not None},
        body=(SAMPLES / sample).read_bytes(),
        received_at=NOON,
    )
    return replace(request, **changes)


def posted(body: bytes | str, headers: Mapping[str, str] | None = None) -> Received:
    """A request that was made up for a test."""
    return Received(
        method="POST",
        url="https://bridge.example.com/webhooks/mine",
        headers=headers or {},
        body=body if isinstance(body, bytes) else body.encode(),
        received_at=NOON,
    )
