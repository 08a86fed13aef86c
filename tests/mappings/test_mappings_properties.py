"""What holds for any events: nothing but outcomes comes out, and the order of arrival does not matter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.alvaria.limits import Limits
from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Past, translate
from bridge.model import CookieName, Event, OutcomeKind, Record

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)

RULES = """
  - name: group
    when: "{{ record.go | default(true) }}"
    settings:
      - key: "crm.{{ record.key | default('a') }}"
        content: "{{ record.content }}"
        expires: "{{ record.life | default('7d') }}"
      - {key: crm.b, content: "{{ record.tier | default(none) }}", channel: "{{ record.channel | default('all') }}"}
  - name: insert
    once: {per: "{{ record.per | default(event.id) }}", within: 24h}
    fast_path:
      list: "{{ record.list | default('Hot leads') }}"
      layout: leads
      fields:
        "@ACCOUNT": "{{ event.record_id }}"
        "@NUMBER": "{{ record.phone | phone('US') | national }}"
        "@NAME": "{{ record.name }}"
      custom: ["{{ record.content }}"]
  - {name: gone, forget: true}
"""
CUSTOMER = """["{{ record.phone | phone('US') | e164 }}", "{{ record.mail }}", "{{ event.record_id }}"]"""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
names = st.sampled_from(["go", "key", "content", "life", "tier", "channel", "per", "list", "phone", "name", "mail"])
records = st.dictionaries(names, values | st.sampled_from(["212-555-0123", "voice", "1h", "true", True]))
moments = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone itself
cookies = st.builds(CookieName, customer=st.text(), key=st.text(), channel=st.text(), service=st.text())

ANY_EVENTS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)


@pytest.fixture
def mapping(mapping_of: Callable[..., Mapping]) -> Mapping:
    return mapping_of(RULES, customer=CUSTOMER)


@pytest.fixture
def remembering(mapping_of: Callable[..., Mapping]) -> Mapping:
    """The same without the rule that forgets everything."""
    return mapping_of(RULES.replace("  - {name: gone, forget: true}\n", ""), customer=CUSTOMER)


def event(record: dict[str, Any], at: datetime, record_id: str = "7") -> Event:
    return Event(
        source="crm",
        type="contact.changed",
        record_id=record_id,
        crm_id="31",
        dedup_key="31",
        occurred_at=at,
        received_at=NOW,
        record=record,
    )


@ANY_EVENTS
@given(record=records, at=moments, record_id=st.text(), written=st.lists(cookies, max_size=3))
def test_whatever_an_event_holds_each_rule_has_an_outcome(
    *, mapping: Mapping, record: dict[str, Any], at: datetime, record_id: str, written: list[CookieName]
) -> None:
    past = Past(written=lambda: written)
    translation = translate(mapping, event(record, at, record_id), past=past, now=NOW, limits=Limits())
    assert [outcome.rule for outcome in translation.outcomes] == ["group", "insert", "gone"]
    for outcome in translation.outcomes:
        assert bool(outcome.deliveries) == (outcome.kind is OutcomeKind.TRANSLATED)
        assert bool(outcome.reason) == (outcome.kind is not OutcomeKind.TRANSLATED)
        assert [delivery.item for delivery in outcome.deliveries] == list(range(len(outcome.deliveries)))


@ANY_EVENTS
@given(
    changes=st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["phone", "tier", "other"]), st.integers(0, 9)), st.integers(0, 10**6)
        ),
        max_size=4,
        unique_by=lambda change: change[1],
    )
)
def test_what_is_remembered_does_not_depend_on_the_order_of_arrival(
    remembering: Mapping, changes: list[tuple[dict[str, Any], int]]
) -> None:
    events = [event(record, NOW - timedelta(seconds=age)) for record, age in changes]

    def after(known: Record | None, arrived: Event) -> Record:
        return translate(remembering, arrived, past=Past(known=known), now=NOW, limits=Limits()).record

    ends = [reduce(after, order, None) for order in permutations(events)]
    assert all(end == ends[0] for end in ends)
    newest = {
        name: value for record, _ in sorted(changes, key=lambda change: -change[1]) for name, value in record.items()
    }
    kept = {name: value for name, (value, _) in ends[0].fields.items()} if ends[0] else {}
    assert kept == {name: value for name, value in newest.items() if name != "other"}
