"""YAML files are read with the line of each member, and their mistakes are told with a remedy."""

import pytest

from bridge.documents import did_you_mean, load
from bridge.errors import BadDocument

GOOD = """\
version: 1
source:
  name: NO
  secrets: {key: ["a", b]}
tables:
  tiers: {"1": gold, 2: silver, yes: 0x10}
  day: 2026-01-02
defaults: &usual {channel: all}
again: {<<: *usual, service: x}
"""


def test_plain_data_comes_out_as_yaml_1_2_says() -> None:
    data = load(GOOD, "a.yaml").data
    assert data["source"] == {"name": "NO", "secrets": {"key": ["a", "b"]}}
    assert data["tables"] == {"tiers": {"1": "gold", "2": "silver", "yes": 16}, "day": "2026-01-02"}
    assert data["again"] == {"channel": "all", "service": "x"}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("source", "name"), 3),
        (("source", "secrets", "key", 1), 4),
        (("tables", "tiers", "2"), 6),
        (("tables", "nothing", "of", "that"), 5),
        (("nothing",), 1),
        (("again", "channel"), 9),
    ],
)
def test_every_member_knows_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert load(GOOD, "a.yaml").line(path) == line


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: {{ x }}\n", 1, "quote the {{ }}"),
        ("a:\n  b: {{ x.y }} and more\n", 2, "quote the {{ }}"),
        ('rules:\n  - {key: k, content: {{ x | f("a") }}}\n', 2, "quote the {{ }}"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("a:\n\t- b\n", 2, "indent with spaces"),
        ("a: [1, 2\nb: 3\n", 2, "expected"),
        ("a: b: c\n", 1, "mapping values"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: *nobody\n", 1, "alias"),
        ("- &a [*a]\n", 1, "contains itself"),
        ("\0", 1, "not allowed"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_remedy(text: str, line: int, words: str) -> None:
    with pytest.raises(BadDocument) as raised:
        load(text, "a.yaml")
    [problem] = raised.value.problems
    assert problem.line == line
    assert words in problem.message
    assert str(problem).startswith(f"a.yaml:{line}: ")


def test_a_schemas_messages_are_told_at_their_members() -> None:
    document = load(GOOD, "a.yaml")
    found = list(document.problems({"source": {"name": ["too short"], "_schema": ["no preset"]}}))
    assert [str(problem) for problem in found] == ["a.yaml:3: source.name: too short", "a.yaml:2: source: no preset"]


def test_a_near_miss_is_guessed() -> None:
    assert did_you_mean("upcase", ["upper", "lower"]) == ", did you mean 'upper'?"
    assert did_you_mean("zzz", ["upper"]) == ""
