"""Warnings of `bridge check`: what is hardly meant is told with its line, and what is well is left in peace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.alvaria.limits import Limits
from bridge.errors import Problem
from bridge.mappings.catalogue import load
from bridge.mappings.rules import Mapping

HEAD = "version: 1\nsource: {name: NAME, preset: generic, secrets: {api_key: [k]}REMEMBER}\n"
REST = 'customer: "{{ event.record_id }}"\n'
SHIPPED = Path(__file__).parent.parent.parent / "mappings"


def warnings(folder: Path, rules: str, *, remember: str = "") -> list[str]:
    (folder / "crm.yaml").write_text(HEAD.replace("NAME", "crm").replace("REMEMBER", remember) + REST + rules, "utf-8")
    return told(folder)


def told(folder: Path) -> list[str]:
    problems = load(folder, env={}, limits=Limits()).problems
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


RULE = 'rules:\n  - name: a\n    settings: [{key: crm.a, content: "{{ record.a }}"}]\n'

DOUBTFUL = [
    ("rules: [{name: a, when: false, forget: true}]\n", "crm.yaml:4: rules[0].when: never holds"),
    ('rules: [{name: a, when: "{{ false }}", forget: true}]\n', "crm.yaml:4: rules[0].when: never holds"),
    (RULE.replace("}]", ", when: false}]"), "crm.yaml:6: rules[0].settings[0].when: never holds"),
    ("tables:\n  t: {a: b}\n" + RULE, "crm.yaml:5: tables.t: is used by no expression"),
    ("rules:\n  - name: a\n    once: {per: x}\n    forget: true\n", "crm.yaml:6: rules[0].once: is not needed"),
    (
        RULE + '    once: {per: "{{ event.record_id }}"}\n',
        "crm.yaml:7: rules[0].once: keeps every later change from being written",
    ),
    ("owns: [crm.b]\n" + RULE, "crm.yaml:4: owns[0]: 'crm.b' is written by no rule of this file, did you mean"),
    (
        RULE + "  - {name: b, settings: [{key: crm.a, content: x}]}\n",
        "crm.yaml:7: rules[1].settings[0].key: the cookie crm.a, channel all, is written by the rule 'a'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "warning"), DOUBTFUL, ids=[warning for _, warning in DOUBTFUL])
def test_what_is_hardly_meant_is_told_at_its_line(tmp_path: Path, rules: str, warning: str) -> None:
    (found,) = warnings(tmp_path, rules)
    assert found.startswith(warning)


def test_what_is_remembered_for_nothing_is_told(tmp_path: Path) -> None:
    (found,) = warnings(tmp_path, RULE, remember=", remember: [a, b]")
    assert found.startswith("crm.yaml:2: source.remember[1]: 'b' is used by no expression; remove it")


@pytest.mark.parametrize(("secret", "is_told"), [("short", True), ("a shared secret of no less than 32 bytes", False)])
def test_a_secret_that_is_short_for_a_token_is_told_without_its_value(
    tmp_path: Path, secret: str, is_told: bool
) -> None:
    token = "verify: {jwt: {secret: api_key, header: Authorization, covers_body: false}}"
    head = HEAD.replace("NAME", "crm").replace("REMEMBER", f", {token}").replace("[k]", f"[{secret}]")
    (tmp_path / "crm.yaml").write_text(head + REST + RULE, "utf-8")
    expected = "crm.yaml:2: source.secrets.api_key: holds a value of fewer than the 32 bytes that HS256 asks for"
    found = told(tmp_path)
    assert [text[: len(expected)] for text in found] == ([expected] if is_told else [])
    assert secret not in " ".join(found)


FINE = [
    "rules: [{name: a, when: true, forget: true}]\n",
    "tables:\n  t: {a: b}\n" + RULE.replace("record.a", "record.a | lookup(tables['t'], '')"),
    "tables:\n  t: {a: b}\n" + RULE.replace("record.a", "record.a | lookup(tables[record.a], '')"),
    RULE + '    once: {per: "{{ event.record_id }}", within: 1d}\n',
    RULE + '    once: {per: "{{ event.id }}"}\n',
    RULE + "  - {name: b, settings: [{key: crm.a, content: x, channel: voice}]}\n",
    RULE + '  - {name: b, settings: [{key: "crm.{{ record.k }}", content: x}]}\n',
    "owns: [crm.a]\n" + RULE + "  - {name: b, settings: [{key: crm.a, content: x}]}\n",
    RULE.replace("name: a", 'name: a\n    when: "{{ record.a }}"')
    + '  - {name: b, when: "{{ not record.a }}", settings: [{key: crm.a, content: x}]}\n',
]  # fmt: skip


@pytest.mark.parametrize("rules", FINE)
def test_what_is_well_is_left_in_peace(tmp_path: Path, rules: str) -> None:
    assert warnings(tmp_path, rules) == []


@pytest.mark.parametrize("content", ["{{ record | json }}", "{{ record[event.type] }}", "{{ record['b'] }}"])
def test_a_record_used_as_a_whole_may_need_all_that_is_remembered(tmp_path: Path, content: str) -> None:
    assert warnings(tmp_path, RULE.replace("{{ record.a }}", content), remember=", remember: [b]") == []


@pytest.mark.parametrize(
    ("owners", "warning"),
    [
        ((), "the cookie crm.a, channel all, is written by crm too; say whose value counts, with owns: [crm.a]"),
        (("crm",), None),
        (("shop",), None),
        (("crm", "shop"), "the cookie crm.a, channel all, is owned by crm and shop; leave it in the `owns` of one"),
    ],
)
def test_two_sources_that_write_one_cookie_need_an_owner(
    tmp_path: Path, owners: tuple[str, ...], warning: str | None
) -> None:
    for name in ("crm", "shop"):
        owns = "owns: [crm.a]\n" if name in owners else ""
        head = HEAD.replace("NAME", name).replace("REMEMBER", "")
        (tmp_path / f"{name}.yaml").write_text(head + REST + owns + RULE, "utf-8")
    line = 7 if "shop" in owners else 6
    expected = f"shop.yaml:{line}: rules[0].settings[0].key: {warning}" if warning else ""
    assert [text[: len(expected)] for text in told(tmp_path)] == ([expected] if warning else [])


def test_a_file_with_mistakes_is_told_these_only(read: Callable[[str], tuple[Mapping | None, list[Problem]]]) -> None:
    text = HEAD.replace("NAME", "crm").replace("REMEMBER", "") + "tables: {t: {a: b}}\n" + RULE
    _, problems = read(text)
    assert [problem.path for problem in problems] == ["customer"]


def test_the_shipped_mappings_raise_no_doubt() -> None:
    assert load(SHIPPED, env={}, limits=Limits()).problems == ()
