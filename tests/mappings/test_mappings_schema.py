"""A mapping file is compiled, or all its mistakes are told with line, path and remedy."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bridge.documents import load
from bridge.errors import Problem
from bridge.mappings.rules import FastPath, Forget, Group, Mapping, OnEmpty, OtherOperation
from bridge.mappings.schema import read_layout

Read = Callable[[str], tuple[Mapping | None, list[Problem]]]

SOURCE = "source: {name: crm, preset: generic, secrets: {api_key: [a-key-for-tests]}}"

TEN = f"""\
version: 2
{SOURCE}
defaults: {{expires: 400d}}
tables:
  tiers: {{"1": gold}}
customer: "{{{{ event.record_id }}}}"
rules:
  - name: first
    when: "{{{{ record.tier | uper }}}}"
    settings:
      - {{key: tier, content: "{{{{ record.tier | lookup(tables.tires) }}}}"}}
      - {{key: crm.name, content: "{{{{ recrod.name }}}}", chanel: voice}}
  - name: second
    fast_path:
      list: Hot leads
      layout: leeds
      fields: {{"@ACCOUNT": "1", "@NUMBER": "2"}}
      custom: [a, b, c, d]
"""


def test_a_file_with_ten_mistakes_lists_ten_each_with_its_line_and_remedy(read: Read) -> None:
    _, problems = read(TEN)
    assert [str(problem) for problem in problems] == [
        "crm.yaml:1: version: is not a version that this bridge knows; write 1",
        "crm.yaml:3: defaults.expires: is not from 60s to 365d, as settings may live",
        "crm.yaml:9: rules[0].when: {{ record.tier | uper }}: unknown filter 'uper', did you mean 'upper'?",
        "crm.yaml:11: rules[0].settings[0].content: there is no table 'tires', did you mean 'tiers'?",
        "crm.yaml:11: rules[0].settings[0].key: the key does not begin with 'crm.', which marks the bridge's own;"
        " put it in front",
        "crm.yaml:12: rules[0].settings[1].content: {{ recrod.name }}: unknown name 'recrod', did you mean 'record'?",
        "crm.yaml:12: rules[0].settings[1].chanel: unknown key, did you mean 'channel'?",
        "crm.yaml:13: rules[1]: needs a `once`: what is inserted twice is dialled twice, for each later edit of the"
        ' record; add once: {per: "{{ event.record_id }}", within: 24h}',
        "crm.yaml:16: rules[1].fast_path.layout: there is no layout 'leeds', did you mean 'leads'?",
        "crm.yaml:18: rules[1].fast_path.custom: has 4 strings, a record takes 3; remove some",
    ]


RULE = "  - {name: r, settings: [{key: crm.a, content: x}]}"
ONCE = 'once: {per: "{{ event.id }}"}'
RECORD = 'layout: leads, fields: {"@ACCOUNT": a, "@NUMBER": b}'
LONG = "crm." + "k" * 61


@pytest.mark.parametrize(
    ("part", "written", "path", "message"),
    [
        ("rules", "  - {name: r}", "rules[0]", "does nothing; add one of settings, fast_path, forget, operation"),
        ("rules", "  - {name: r, setings: []}", "rules[0].setings", "unknown key, did you mean 'settings'?"),
        (
            "rules",
            "  - {name: r, forget: true, settings: [{key: crm.a, content: x}]}",
            "rules[0]",
            "does settings and forget; make a rule of each",
        ),
        ("rules", "  - {name: r, forget: false}", "rules[0].forget", "can only be true"),
        ("rules", "  - {forget: true}", "rules[0].name", "is missing; add it"),
        ("rules", "  - {name: r, settings: []}", "rules[0].settings", "is empty; add an item"),
        ("rules", "  - {name: r, settings: {key: crm.a}}", "rules[0].settings", "is not a list"),
        ("rules", "  - settings", "rules[0]", "is not a map"),
        ("rules", "  - {name: r, settings: [{key: crm.a}]}", "rules[0].settings[0].content", "is missing; add it"),
        ("rules", f"{RULE}\n{RULE}", "rules[1].name", "is the name of another rule as well"),
        ("rules", RULE.replace("crm.a", "'crm.a,b'"), "rules[0].settings[0].key", "comma"),
        ("rules", RULE.replace("crm.a", LONG), "rules[0].settings[0].key", "65 characters, 64 are allowed"),
        ("rules", RULE.replace("content: x", "content: x, channel: fax"), "rules[0].settings[0].channel", "voice"),
        ("rules", RULE.replace("content: x", "content: x, expires: 3"), "rules[0].settings[0].expires", "such as 60s"),
        ("rules", RULE.replace("content: x", "content: x, expires: 59s"), "rules[0].settings[0].expires", "from 60s"),
        (
            "rules",
            RULE.replace("content: x", "content: x, on_empty: ignore"),
            "rules[0].settings[0].on_empty",
            "'ignore' is not known; write one of delete, error, skip, write",
        ),
        (
            "rules",
            RULE.replace("}]", "}, {key: crm.a, content: y, channel: all}]"),
            "rules[0].settings[1]",
            "has the same key, channel and service as another of its group",
        ),
        ("rules", RULE.replace("name: r", "name: r, when: yes"), "rules[0].when", "the same for every event"),
        ("rules", RULE.replace("name: r", "name: r, once: {}"), "rules[0].once.per", "is missing; add it"),
        (
            "rules",
            RULE.replace("name: r", "name: r, once: {per: x, within: soon}"),
            "rules[0].once.within",
            "is not a length of time",
        ),
        (
            "rules",
            RULE.replace("name: r", "name: r, hold: true"),
            "rules[0].hold",
            "of a cookie the newest change wins",
        ),
        ("rules", "  - {name: r, hold: true, forget: true}", "rules[0].hold", "of a cookie the newest change wins"),
        (
            "rules",
            f"  - {{name: r, hold: false, {ONCE}, fast_path: {{list: 1, {RECORD}}}}}",
            "rules[0].hold",
            "can only be true",
        ),
        (
            "rules",
            f"  - {{name: r, {ONCE}, fast_path: {{list: 1, layout: leads, fields: {{'@ACOUNT': a, '@NUMBER': b}}}}}}",
            "rules[0].fast_path.fields.@ACOUNT",
            "layout 'leads' has no such field, did you mean '@ACCOUNT'?",
        ),
        (
            "rules",
            f"  - {{name: r, {ONCE}, fast_path: {{list: 1, layout: leads, fields: {{'@ACCOUNT': a}}}}}}",
            "rules[0].fast_path.fields",
            "@NUMBER is missing",
        ),
        (
            "rules",
            f"  - {{name: r, {ONCE}, fast_path: {{list: 1, {RECORD}}}}}".replace(": a", ": '{{ recrod.id }}'"),
            "rules[0].fast_path.fields.@ACCOUNT",
            "unknown name 'recrod', did you mean 'record'?",
        ),
        (
            "rules",
            f"  - {{name: r, {ONCE}, operation: {{id: campaign.insertStrategyRecord, params: {{strategyId: 1}}, "
            "body: {records: ['{{ recrod }}']}}}",
            "rules[0].operation.body.records[0]",
            "did you mean 'record'?",
        ),
        ("tables", "tiers: [gold]", "tables.tiers", "is not a map of keys and values"),
        ("defaults", "key_prefix: 'a,'", "defaults.key_prefix", "comma"),
        ("defaults", "channel: fax", "defaults.channel", "choose one of these"),
        ("customer", '"{{ record.id | phone( }}"', "customer[0]", "expected ')'"),
        (
            "tests",
            "  - {name: t, given: {event: {type: a, record_id: '1'}, recrod: {}}, expect: {}}",
            "tests[0].given.recrod",
            "did you mean 'record'?",
        ),
        (
            "tests",
            "  - {name: t, given: {event: {type: a, record_id: 1}}, expect: {}}",
            "tests[0].given.event.record_id",
            "write it in quotes",
        ),
        (
            "tests",
            "  - {name: t, given: {event: {type: a, record_id: '1', occurred_at: soon}}, expect: {}}",
            "tests[0].given.event.occurred_at",
            "write it as 2026-05-12T09:30:00Z",
        ),
        (
            "tests",
            "  - {name: t, given: {event: {type: a, record_id: '1'}}, expect: {settings: [{customer: '1'}]}}",
            "tests[0].expect.settings[0].customer",
            "did you mean 'customerId'?",
        ),
        (
            "tests",
            "  - {name: t, given: {event: {type: a, record_id: '1'}}, expect: {rejected: [{rule: rr}]}}",
            "tests[0].expect.rejected[0].rule",
            "there is no rule 'rr', did you mean 'r'?",
        ),
    ],
)
def test_one_mistake_is_one_problem_at_its_place(read: Read, part: str, written: str, path: str, message: str) -> None:
    parts = {"customer": '"{{ event.record_id }}"', "rules": "[]" if part == "defaults" else f"\n{RULE}"}
    parts[part] = written if part == "customer" else f"\n  {written.strip()}"
    text = "\n".join([f"version: 1\n{SOURCE}", *(f"{name}: {value}" for name, value in parts.items())])
    _, problems = read(text)
    (problem,) = [problem for problem in problems if problem.severity == "error"]
    assert problem.path == path
    assert message in problem.message
    assert problem.line > 1


def test_settings_need_a_customer(read: Read) -> None:
    _, problems = read(f"version: 1\n{SOURCE}\nrules:\n{RULE}\n")
    (problem,) = problems
    assert str(problem) == (
        'crm.yaml:1: customer: is missing, and settings belong to one; add customer: "{{ event.record_id }}"'
    )


def test_nothing_but_a_source_is_a_mapping_that_receives(read: Read) -> None:
    mapping, problems = read(f"version: 1\n{SOURCE}\n")
    assert problems == []
    assert mapping is not None
    assert mapping.rules == ()


def test_rules_that_are_broken_leave_a_mapping_that_receives(read: Read) -> None:
    mapping, problems = read(TEN)
    assert problems
    assert mapping is not None
    assert (mapping.name, mapping.rules) == ("crm", None)
    assert mapping.source.secrets["api_key"].values == ("a-key-for-tests",)


@pytest.mark.parametrize("source", ["", "source:", "source: 5", "source: {name: crm, preset: genric}"])
def test_without_a_source_there_is_no_mapping(read: Read, source: str) -> None:
    mapping, problems = read(f"version: 1\n{source}\n")
    assert mapping is None
    assert problems
    assert all(problem.path.startswith("source") for problem in problems)


def test_two_settings_with_one_name_may_exclude_each_other(mapping_of: Callable[..., Mapping]) -> None:
    mapping = mapping_of(
        "  - name: r\n"
        "    settings:\n"
        '      - {key: crm.a, content: x, when: "{{ record.a is defined }}"}\n'
        '      - {key: crm.a, content: y, when: "{{ record.a is undefined }}"}\n'
    )
    assert mapping.rules


def test_the_defaults_are_in_every_setting(mapping_of: Callable[..., Mapping]) -> None:
    mapping = mapping_of(
        "  - name: r\n    settings: [{key: own, content: x}, {key: b, content: y, channel: web, on_empty: write}]\n",
        head='defaults: {channel: sms, service: sales, expires: 7d, on_empty: skip, key_prefix: ""}\n',
    )
    assert mapping.key_prefix == ""
    (rule,) = mapping.rules or ()
    assert isinstance(rule.action, Group)
    first, second = rule.action.settings
    assert (first.channel({}), first.service({}), first.expires) == ("sms", "sales", timedelta(days=7))
    assert (first.on_empty, second.on_empty, second.channel({})) == (OnEmpty.SKIP, OnEmpty.WRITE, "web")


def test_each_action_is_compiled_to_its_own_value(mapping_of: Callable[..., Mapping]) -> None:
    mapping = mapping_of(
        f"{RULE}\n"
        f"  - {{name: b, {ONCE}, fast_path: {{list: 4711, {RECORD}}}}}\n"
        "  - {name: c, forget: true}\n"
        "  - {name: d, operation: {id: campaign.deleteFilter, params: {filterId: '4'}}}\n"
    )
    rules = mapping.rules or ()
    assert [type(rule.action) for rule in rules] == [Group, FastPath, Forget, OtherOperation]
    assert [rule.forget for rule in rules] == [False, False, True, False]
    assert [rule.line for rule in rules] == [6, 7, 8, 9]


def test_the_version_changes_with_the_file_and_with_the_layouts_that_it_uses(read: Read, layouts: dict) -> None:
    text = f"version: 1\n{SOURCE}\nrules:\n  - {{name: b, {ONCE}, fast_path: {{list: 4711, {RECORD}}}}}\n"
    versions = [mapping.version for mapping, _ in (read(text), read(text + "# more\n"), read(text)) if mapping]
    layouts["leads"] = type(layouts["leads"])(file="x", text="other", layout=layouts["leads"].layout)
    changed, _ = read(text)
    assert changed is not None
    assert versions[0] == versions[2]
    assert len({versions[0], versions[1], changed.version}) == 3


def test_a_mapping_shows_no_secret(read: Read) -> None:
    mapping, _ = read(f"version: 1\n{SOURCE}\n")
    assert "a-key-for-tests" not in repr(mapping)


@pytest.mark.parametrize(
    ("field", "path", "message"),
    [
        ("{name: A}", "fields[0].width", "is missing; add it"),
        ("{name: A, width: 0}", "fields[0].width", "whole number"),
        ("{name: A, width: 5, aling: left}", "fields[0].aling", "did you mean 'align'?"),
        ("{name: A, width: 5, align: middle}", "fields[0].align", "write one of left, right"),
        ('{name: A, width: 5, pad: ""}', "fields[0].pad", "is not one character"),
        ("{name: '@NUMBER', width: 5, on_overflow: cut}", "fields[0].on_overflow", "never cut"),
    ],
)
def test_a_layout_with_a_mistake_cannot_be_used(field: str, path: str, message: str) -> None:
    text = f"version: 1\nfields:\n  - {field}\n"
    layout, (problem,) = read_layout(load(text, "layouts/a.yaml"), text, "a")
    assert layout.layout is None
    assert (problem.line, problem.path) == (3, path)
    assert message in problem.message


def test_a_zero_may_be_written_without_quotes_as_padding() -> None:
    text = "version: 1\nfields: [{name: A, width: 5, pad: 0, align: right}]\n"
    layout, problems = read_layout(load(text, "layouts/a.yaml"), text, "a")
    assert problems == []
    assert layout.layout is not None
    assert (layout.layout.name, layout.layout.fields[0].pad) == ("a", "0")
