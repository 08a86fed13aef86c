"""A mapping's own tests hold, or say what they expected and what they got."""

from collections.abc import Callable

import pytest

from bridge.alvaria.limits import Limits
from bridge.mappings.rules import Mapping
from bridge.mappings.trial import run

RULES = """
  - name: profile
    when: "{{ event.type == 'changed' }}"
    settings:
      - {key: crm.tier, content: "{{ record.tier }}", expires: 7d, when: "{{ record.tier is defined }}"}
      - {key: crm.name, content: "{{ record.name | default(none) }}", on_empty: skip}
  - name: lead
    when: "{{ record.phone is defined }}"
    once: {per: "{{ event.id }}"}
    fast_path: {list: Hot leads, layout: leads, fields: {"@ACCOUNT": a, "@NUMBER": "{{ record.phone }}"}, custom: [x]}
  - name: gone
    when: "{{ event.type == 'deleted' }}"
    forget: true
tests:
  - name: the test
"""

CHANGED = 'event: {type: changed, record_id: "7"}'
WRITTEN = 'written: [{customerId: "7", key: crm.tier}]'


def lines(mapping_of: Callable[..., Mapping], given: str, expect: str) -> list[str]:
    mapping = mapping_of(f"{RULES}    given: {{{given}}}\n    expect: {{{expect}}}\n")
    return [line.strip() for problem in run(mapping, limits=Limits()) for line in str(problem).splitlines()]


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        (CHANGED, ""),
        (f"{CHANGED}, record: {{tier: 1}}", 'settings: [{customerId: "7", key: crm.tier, content: 1}]'),
        (f"{CHANGED}, record: {{tier: 1, name: Ann}}", "settings: [{content: 1}, {content: Ann}]"),
        (f"{CHANGED}, record: {{tier: null}}", "deletes: [{key: crm.tier, channel: all, service: ''}]"),
        (
            f"{CHANGED}, record: {{phone: '212'}}",
            'fast_path: [{list: Hot leads, fields: {"@NUMBER": "212"}, custom: [x],'
            ' record: "a     212               "}]',
        ),
        (f"{CHANGED}, record: {{phone: [1]}}", "rejected: [{rule: lead, reason: '@NUMBER'}]"),
        (f'event: {{type: deleted, record_id: "7"}}, {WRITTEN}', "forget: [{customerId: '7', key: crm.tier}]"),
        (
            'event: {type: changed, record_id: "7", occurred_at: 2026-05-12T09:30:00Z}, record: {tier: 1}',
            'settings: [{expiresOnTime: "2026-05-19T09:30:00.000Z"}]',
        ),
        (f"{CHANGED}, record: {{tier: 1}}, now: 2026-05-12T09:30:00Z", "settings: [{key: crm.tier, channel: all}]"),
        (
            'event: {type: changed, record_id: "7", occurred_at: 2026-05-12T09:30:00Z}, record: {tier: 1},'
            " now: 2026-05-20T09:30:00Z",
            "rejected: [{rule: profile, reason: run out}]",
        ),
    ],
)
def test_a_test_that_holds_says_nothing(mapping_of: Callable[..., Mapping], given: str, expect: str) -> None:
    assert lines(mapping_of, given, expect) == []


HEADLINE = "crm.yaml:20: tests[0]: the test 'the test' fails"


@pytest.mark.parametrize(
    ("given", "expect", "difference"),
    [
        (
            f"{CHANGED}, record: {{tier: 1}}",
            "settings: [{content: 2}]",
            'settings[0].content: expected 2, got "1"',
        ),
        (
            f"{CHANGED}, record: {{tier: 1}}",
            "",
            'settings[0]: expected nothing, got {"customerId":"7","key":"crm.tier","content":"1","channel":"all",'
            '"service":"","expiresOnTime":"2026-01-08T12:00:00.000Z"}',
        ),
        (CHANGED, "settings: [{key: crm.tier}]", 'settings[0]: expected {"key":"crm.tier"}, got nothing'),
        (
            f"{CHANGED}, record: {{phone: '212'}}",
            'fast_path: [{fields: {"@NUMBR": "212"}}]',
            'fast_path[0].fields.@NUMBR: expected "212", got null',
        ),
        (f"{CHANGED}, record: {{phone: '212'}}", "fast_path: [{custom: []}]", 'got "x"'),
        (f"{CHANGED}, record: {{tier: 1}}", "deletes: [{key: crm.tier}]", 'deletes[0]: expected {"key":"crm.tier"}'),
        (
            f"{CHANGED}, record: {{phone: [1]}}",
            "",
            'rejected[0]: expected nothing, got {"rule":"lead","reason":"fast_path.fields: layout leads: @NUMBER',
        ),
        (
            f"{CHANGED}, record: {{phone: [1]}}",
            "rejected: [{rule: lead, reason: '@ACCOUNT'}]",
            'rejected[0].reason: expected "@ACCOUNT", got',
        ),
    ],
)
def test_a_test_that_fails_shows_what_was_expected_and_what_came(
    mapping_of: Callable[..., Mapping], given: str, expect: str, difference: str
) -> None:
    headline, *rest = lines(mapping_of, given, expect)
    assert headline == HEADLINE
    assert any(difference in line for line in rest)


def test_a_test_may_say_which_customers_are_known(mapping_of: Callable[..., Mapping]) -> None:
    tests = (
        "tests:\n  - name: the test\n"
        "    given: {event: {type: a, record_id: '7'}, customers: ['+12125550123']}\n"
        "    expect: {settings: [{customerId: '+12125550123', key: crm.a}]}\n"
    )
    rules = "  - {name: r, settings: [{key: crm.a, content: x}]}\n"
    assert run(mapping_of(rules + tests, customer='"{{ record.mail }}"'), limits=Limits()) == []


def test_a_mapping_without_rules_has_no_tests_to_run(
    read: Callable[[str], tuple[Mapping | None, list]], mapping_of: Callable[..., Mapping]
) -> None:
    mapping, _ = read("version: 1\nsource: {name: crm, preset: generic, secrets: {api_key: [k]}}\nrules: [5]\n")
    assert mapping is not None
    assert run(mapping, limits=Limits()) == []
