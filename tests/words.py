"""Values that tests start from: each function gives one whole value, and takes what matters to the test."""

from datetime import UTC, datetime
from typing import Any

from bridge.demo import play
from bridge.demo.samples import Sample, samples
from bridge.model import Delivery, Event, Stamp, Webhook

NOON = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
"""When the samples were sent."""

SAMPLES: dict[str, Sample] = {sample.name: sample for sample in samples()}


def environment(sandbox_url: str, database_url: str) -> dict[str, str]:
    """Settings for a bridge that takes the samples at their own time and delivers to a sandbox."""
    secrets = {(sample.source, name): value for sample in SAMPLES.values() for name, value in sample.secrets.items()}
    return {
        "BRIDGE_SANDBOX": "1",
        "BRIDGE_CLOCK": NOON.isoformat(),
        "BRIDGE_PUBLIC_URL": "https://bridge.example.com",
        "BRIDGE_MAPPINGS": str(play.MAPPINGS),
        "ALVARIA_BASE_URL": sandbox_url,
        "DATABASE_URL": database_url,
        "HUBSPOT_CLIENT_SECRET": secrets["hubspot", "client_secret"],
        "SALESFORCE_URL_KEY": secrets["salesforce", "query key"],
        "SALESFORCE_ORGANIZATION_ID": secrets["salesforce", "OrganizationId"],
        "GENERIC_API_KEY": secrets["generic", "x-api-key"],
    }


def webhook(**changes: Any) -> Webhook:
    usual = {
        "source": "generic",
        "received_at": NOON,
        "method": "POST",
        "url": "https://bridge.example.com/webhooks/generic",
        "headers": {"content-type": "application/json"},
        "body": b"{}",
    }
    return Webhook(**{**usual, **changes})


def event(**changes: Any) -> Event:
    usual = {
        "source": "generic",
        "type": "lead.created",
        "record_id": "7",
        "crm_id": "evt-1",
        "dedup_key": "evt-1",
        "occurred_at": NOON,
        "received_at": NOON,
        "record": {"id": 7, "big": 2**60 + 1, "name": "Inês"},
    }
    return Event(**{**usual, **changes})


def upsert(**changes: Any) -> Delivery:
    """A group of one setting."""
    setting = {
        "customerId": "7",
        "key": "crm.tier",
        "content": "gold",
        "channel": "all",
        "service": "",
        "expiresOnTime": "2026-08-10T09:30:00.000Z",
    }
    usual = {
        "rule": "profile",
        "mapping_version": "v1",
        "operation": "contextCookies.upsertSettings",
        "body": {"settings": [setting]},
        "customers": ("7",),
        "order_key": "",
        "repeatable": True,
        "changed_at": NOON,
    }
    found = {**usual, **changes}
    return Delivery(**{"stamp": Stamp(found["changed_at"], -1, found["changed_at"], 0, 1).as_text(), **found})


def insert(**changes: Any) -> Delivery:
    """A FastPath record."""
    usual = {
        "rule": "hot-lead",
        "mapping_version": "v1",
        "operation": "campaign.insertFastPathRecords",
        "params": {"listId": 4711},
        "body": {"fastPathRecords": [{"fastPathRecord": "7", "customFieldsStringCollection": [{}]}]},
        "customers": ("7",),
        "order_key": "campaign.insertFastPathRecords:4711:generic:7",
        "repeatable": False,
        "changed_at": NOON,
    }
    return Delivery(**{**usual, **changes})
