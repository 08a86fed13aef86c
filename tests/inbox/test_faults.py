"""A fault of ours while a webhook is taken in: each CRM hears the word that brings the webhook back."""

from dataclasses import replace

import pytest

from bridge.db import Database
from bridge.wiring import Bridge
from tests.preset_cases import Shown, post, web_of
from tests.sources.test_presets_a import DYNAMICS_CREATE, HUBSPOT_V1, PIPEDRIVE, ZENDESK_USER


@pytest.mark.parametrize("kind", ["postgresql"])  # SQLite says the same of missing tables as of a missing database
@pytest.mark.parametrize(
    ("shown", "status"),
    [(ZENDESK_USER, 409), (DYNAMICS_CREATE, 503), (HUBSPOT_V1, 503), (PIPEDRIVE, 503)],
    ids=str,
)
def test_a_fault_is_answered_so_that_this_crm_comes_again(
    bridge: Bridge, database_url: str, shown: Shown, status: int
) -> None:
    without_tables = Database(database_url)
    web = web_of(replace(bridge, database=without_tables), shown.mapping())
    answer = post(web, shown.request)
    without_tables.close()
    assert answer.status_code == status
    assert "relation" not in answer.text
    assert "Retry-After" in answer.headers
