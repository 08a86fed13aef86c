"""Every table of the database, a page for each part of the way."""

from bridge.tables.columns import metadata
from bridge.tables.holding import budgets, pauses, suspicions, workers
from bridge.tables.incoming import events, fetches, onces, outcomes, readers, replays, seen, webhooks
from bridge.tables.mappings import facts, mapping_files, mapping_versions, publications
from bridge.tables.outgoing import UNFINISHED, attempts, cookies, deliveries, delivery_customers, records, writes

__all__ = [
    "UNFINISHED",
    "attempts",
    "budgets",
    "cookies",
    "deliveries",
    "delivery_customers",
    "events",
    "facts",
    "fetches",
    "mapping_files",
    "mapping_versions",
    "metadata",
    "onces",
    "outcomes",
    "pauses",
    "publications",
    "readers",
    "records",
    "replays",
    "seen",
    "suspicions",
    "webhooks",
    "workers",
    "writes",
]
