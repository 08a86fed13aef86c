"""The {{ … }} language: what it allows, what it refuses, and that its documentation is true."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes

from bridge.errors import ExpressionError
from bridge.expressions import FILTERS, MISSING, QUESTIONS, Phone, as_text, compile_template, compile_tree
from bridge.expressions.python import function_of

NAMES = ("event", "record", "previous", "changed", "body", "headers", "tables")

SCOPE: dict[str, Any] = {
    "event": {
        "id": "e1",
        "type": "contact.creation",
        "record_id": "7",
        "occurred_at": datetime(2026, 5, 12, 9, 30, tzinfo=UTC),
    },
    "record": {
        "phone": "(212) 555-0123",
        "tier": 1,
        "score": "81",
        "ratio": 0.8,
        "items": "a field",
        "_ownerid_value": "o1",
        "two words": 2,
        "cleared": None,
        "empty": "",
        "active": True,
        "owner": {"name": "Ada"},
        "born": "1985-04-12T23:20:50.52Z",
        "long": 12345678901234567890,
    },
    "previous": {},
    "changed": ["tier", "score"],
    "body": {"list": [3, 1, 2]},
    "headers": {},
    "tables": {"tiers": {"1": "gold", "2": "silver", "true": "yes"}},
}


def value_of(text: Any) -> Any:
    return compile_template(text, names=NAMES)(SCOPE)


def message_of(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        value_of(text)
    return str(caught.value)


ALLOWED = [
    ("{{ record.tier }}", 1),
    ("{{ record['tier'] }}", 1),
    ("{{ record['two words'] }}", 2),
    ("{{ record['_ownerid_value'] }}", "o1"),
    ("{{ record.items }}", "a field"),
    ("{{ record.owner.name }}", "Ada"),
    ("{{ record[changed[0]] }}", 1),
    ("{{ changed[-1] }}", "score"),
    ("{{ changed[:1] }}", ["tier"]),
    ("{{ record.born[:4] }}", "1985"),
    ("{{ (1, 'a', none) }}", [1, "a", None]),
    ("{{ {'a': {'b': record.tier}} }}", {"a": {"b": 1}}),
    ("{{ record.tier + 1 }}", 2),
    ("{{ changed + ['x'] }}", ["tier", "score", "x"]),
    ("{{ 'a' + 'b' }}", "ab"),
    ("{{ -7.5 // 2 }}", -4.0),
    ("{{ 7.5 % 2 }}", 1.5),
    ("{{ -7 // 2 }}", -4),
    ("{{ 0.1 + 0.2 }}", 0.3),
    ("{{ record.tier ~ '-' ~ record.active }}", "1-true"),
    ("{{ 'a' if record.active else 'b' }}", "a"),
    ("{{ not record.active or record.tier in [1, 2] }}", True),
    ("{{ event.type in ['contact.creation', 'contact.propertyChange'] }}", True),
    ("{{ 'x' not in changed and 0 < record.tier <= 1 }}", True),
    ("{{ record.score | number >= 80 }}", True),
    ("{{ record.score is defined and record.score | number >= 80 and record.phone is defined }}", True),
    ("{{ record.ratio == '0.8' | number }}", True),
    ("{{ '12345678901234567.5' | number > 12345678901234567 }}", True),
    ("{{ record.tier | lookup(tables.tiers, 'standard') }}", "gold"),
    ("{{ record.active | lookup(tables.tiers) }}", "yes"),
    ("{{ 3 | lookup(tables.tiers, 'standard') }}", "standard"),
    ("{{ 3 | lookup(tables.tiers, none) }}", None),
    ("{{ 'b' | lookup({1: 'x', 'b': 'y'}) }}", "y"),
    ("{{ '1' | lookup({1: 'x'}) }}", "x"),
    ("{{ record.phone | phone('US') | e164 if record.phone is defined }}", "+12125550123"),
    ("{{ record.phone | phone('US') | national }}", "2125550123"),
    ("{{ '+39 06 1234 5678' | phone | national }}", "0612345678"),
    ("{{ '+1 212 555 0123' | e164 }}", "+12125550123"),
    ("{{ record.phone | phone('US') | mask }}", "********0123"),
    ("{{ 'abc' | mask }}", "***"),
    ("{{ 1778578200000 | iso8601 }}", "2026-05-12T09:30:00.000Z"),
    ("{{ '1778578200' | iso8601 }}", "2026-05-12T09:30:00.000Z"),
    ("{{ record.born | iso8601 }}", "1985-04-12T23:20:50.520Z"),
    ("{{ '2026-05-12T11:30:00.000+0200' | iso8601 }}", "2026-05-12T09:30:00.000Z"),
    ("{{ event.occurred_at | add_days(-1) | date('%A') }}", "Monday"),
    ("{{ '2026-07-01T15:00' | in_zone('America/New_York') | iso8601 }}", "2026-07-01T19:00:00.000Z"),
    ("{{ '2026-01-01 15:00' | in_zone('America/New_York') | iso8601 }}", "2026-01-01T20:00:00.000Z"),
    ("{{ '2026-07-01T15:00+02:00' | in_zone('America/New_York') | iso8601 }}", "2026-07-01T13:00:00.000Z"),
    ("{{ '2026-03-08T02:30' | in_zone('America/New_York') | iso8601 }}", "2026-03-08T07:30:00.000Z"),
    ("{{ '2026-11-01T01:30' | in_zone('America/New_York') | iso8601 }}", "2026-11-01T05:30:00.000Z"),
    ("{{ '1778578200' | in_zone('America/New_York') | iso8601 }}", "2026-05-12T09:30:00.000Z"),
    ("{{ event.occurred_at | in_zone('America/New_York') | iso8601 }}", "2026-05-12T09:30:00.000Z"),
    ("{{ -0.001 | money }}", "0.00"),
    ("{{ 12.345 | round(2) }}", 12.35),
    ("{{ 2.5 | round }}", 3),
    ("{{ 'x' | int(0) }}", 0),
    ("{{ [] | first | default('none') }}", "none"),
    ("{{ body.list | sort | join }}", "123"),
    ("{{ body.list | sort(reverse=true) | first }}", 3),
    ("{{ [{'n': 2}, {'n': 1}] | sort(attribute='n') | map(attribute='n') | list }}", [1, 2]),
    ("{{ {'tier': [1, 2], 'name': ['a'], 'new': null} | column(0) }}", {"tier": 1, "name": "a"}),
    ("{{ {'tier': {'field': 'tier', 'was': null}} | column('was', key='field') }}", {"tier": None}),
    ("{{ [{'id': 3, 'text': 'a'}, {'id': 4}] | column('text', key='id') }}", {"3": "a"}),
    ("{{ 'x' is in ['x'] and 3 is odd and 4 is even and 2 is gt 1 }}", True),
    ("{{ record.tier is number and record.active is not number }}", True),
    ("{{ record is mapping and changed is sequence and record.phone is string }}", True),
    ("{{ '}} {% {# {{' }}", "}} {% {# {{"),
]


@pytest.mark.parametrize(("text", "expected"), ALLOWED, ids=[text for text, _ in ALLOWED])
def test_an_expression_gives_its_value_with_its_type(text: str, expected: Any) -> None:
    found = value_of(text)
    assert found == expected
    assert type(found) is type(expected)


REFUSED_AT_LOAD = {
    "{{ ().__class__ }}": "begins with _",
    "{{ record.__init__ }}": "['__init__']",
    "{{ record._ownerid_value }}": "['_ownerid_value']",
    "{{ record|attr('__class__') }}": "unknown filter 'attr'",
    "{{ record.get('x') }}": "cannot be called",
    "{{ lipsum() }}": "cannot be called",
    "{{ range(9) }}": "cannot be called",
    "{{ cycler }}": "unknown name 'cycler'",
    "{{ self }}": "unknown name 'self'",
    "{{ __import__ }}": "unknown name '__import__'",
    "{{ '{0.__class__}'.format(1) }}": "cannot be called",
    "{{ '%s' | format(1) }}": "unknown filter 'format'",
    "{{ record.born | in_zone('New York') }}": "in_zone does not know the zone",
    "{{ 'a' * 10 ** 9 }}": "numbers only",
    "{{ 9 ** 9 }}": "** is not part of the language",
    "{{ 9 * 'a' }}": "numbers only",
    "{{ [0] * 9 }}": "numbers only",
    "{{ record.phone | map('upper') }}": "map: too many positional arguments",
    "{{ changed | join(*changed) }}": "* and **",
    "{{ record.phone | uper }}": "did you mean 'upper'?",
    "{{ recrd.phone }}": "did you mean 'record'?",
    "{{ record.phone is defind }}": "did you mean 'defined'?",
    "{{ record.phone | truncate }}": "missing a required argument: 'length'; for example",
    "{{ record.phone | truncate(3, size=3) }}": "unexpected keyword argument 'size'",
    "{{ record.x | default(boolean=true, boolean=false) }}": "stands twice",
    "{{ record.phone | phone('UK') }}": "phone('GB')",
    "{{ record.born | date('%999999999d') }}": "letter after %",
    "{{ 1, 2 }}": "one {{ … }} holds one expression",
    "{{ 1 if }}": "not an expression",
    "{{ 1e999 }}": "too large",
    "{{ " + "9" * 100 + " }}": "larger than",
    "{{ " + "9" * 5000 + " }}": "4,000 characters",
    "{{ " + "(" * 60 + "1" + ")" * 60 + " + " + "-" * 60 + "1 }}": "nested",
    "{{ " + "[" * 1500 + "]" * 1500 + " }}": "nested",
    "{{ '\\d' }}": "unknown escape",
    "{{ '\\ud83d' }}": "half a character",
    "{{ }}": "nothing between",
    "{{-5}}": "put a blank",
    "{{ 5 -}}": "put a blank",
    "{{ record.x": "never closed",
    "{{ record.x }": "do not pair",
    "{ record.x }}": "}} without {{",
    "{{ record.x }} }}": "}} without {{",
    "{% if x %}a{% endif %}": "not part of the language",
    "a {# b #}": "not part of the language",
    "{{ 1 }} {% raw %}": "not part of the language",
    "{{ 1 }} {# b #}": "not part of the language",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED_AT_LOAD.items(), ids=range(len(REFUSED_AT_LOAD)))
def test_what_is_not_in_the_language_is_refused_when_it_is_loaded(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_template(text, names=NAMES)
    assert reason in str(caught.value)


CANNOT_BE_WRITTEN = [
    nodes.Call(nodes.Name("record", "load"), [], [], None, None),
    nodes.Getattr(nodes.Name("record", "load"), "__class__", "load"),
    nodes.Pow(nodes.Const(9), nodes.Const(9)),
    nodes.Filter(nodes.Const(1), "attr", [], [], None, None),
]


@pytest.mark.parametrize("node", CANNOT_BE_WRITTEN, ids=lambda node: type(node).__name__)
def test_even_behind_the_grammar_nothing_else_can_be_written(node: nodes.Expr) -> None:
    with pytest.raises(KeyError):
        function_of(node)


def test_a_function_reaches_nothing_but_its_scope_and_what_it_is_written_with() -> None:
    reach = function_of(nodes.Name("open", "load")).__globals__
    assert reach["__builtins__"] == {}
    with pytest.raises(ExpressionError, match="open is missing"):
        compile_template("{{ open ~ '' }}", names={"open"})({})


FAILS_WHEN_COMPUTED = {
    "{{ record.phone * 9 }}": "text * a number cannot be computed",
    "{{ changed * 9 }}": "a list * a number",
    "{{ '%s' % record.tier }}": "text % a number",
    "{{ record.active + 1 }}": "true or false + a number",
    "{{ record.tier / 0 }}": "division by zero",
    "{{ record.phone > 5 }}": "text > a number cannot be compared",
    "{{ 5 in record.tier }}": "do not fit together",
    "{{ record[1:2] }}": "value",
    "{{ record.phone | phone }}": "phone('US')",
    "{{ record.phone | e164 }}": "phone('US')",
    "{{ record.phone | phone('GB') }}": "not a valid phone number for GB",
    "{{ record.owner | phone('US') }}": "not a map",
    "{{ record.phone | number }}": "not a number such as",
    "{{ record.cleared | number }}": "not null",
    "{{ record.empty | number }}": "empty text is not a number",
    "{{ record.active | number }}": "not true or false",
    "{{ '1_000' | number }}": "not a number such as",
    "{{ record.phone | int }}": "not a number such as",
    "{{ record.phone | date('%d') }}": "not a time such as",
    "{{ record.owner | iso8601 }}": "not a map",
    "{{ record.owner | in_zone('Europe/Berlin') }}": "not a map",
    "{{ record.phone | in_zone('Europe/Berlin') }}": "not a time such as",
    "{{ '2026-07-01T15:00' | in_zone(record.phone) }}": "does not know the zone",
    "{{ '2026-07-01T15:00' | in_zone(record.tier) }}": "as text, not a number",
    "{{ record.born | add_days('1') }}": "not text",
    "{{ record.born | date(record.tier) }}": "not a number",
    "{{ record.phone | truncate(-1) }}": "0 or more",
    "{{ 1.5 | round(99) }}": "decimals",
    "{{ 1.5 | round(1, 'up') }}": "'ceil'",
    "{{ event.occurred_at | add_days(999999999) }}": "out of range",
    "{{ 3 | lookup(tables.tiers) }}": "1, 2, true",
    "{{ record.cleared | lookup(tables.tiers) }}": "give a default",
    "{{ 3 | lookup(changed) }}": "not a list",
    "{{ changed | column('was') }}": "key=…",
    "{{ record.phone | column('was', key='name') }}": "not text",
    "{{ record.phone | join }}": "not text",
    "{{ [1, none] | join }}": "null has no text",
    "{{ record.tier ~ record.cleared }}": "null has no text",
    "a {{ record.cleared }}": "null has no text",
    "{{ 'x' if false }}": "an if without else",
    "{{ record.long * record.long * record.long * record.long * record.long }}": "larger than",
}


@pytest.mark.parametrize(("text", "reason"), FAILS_WHEN_COMPUTED.items(), ids=list(FAILS_WHEN_COMPUTED))
def test_a_failure_names_the_expression_and_the_reason(text: str, reason: str) -> None:
    message = message_of(text)
    assert message.startswith(f"{text}: ")
    assert reason in message


def test_a_failure_never_shows_a_value() -> None:
    messages = [message_of(text) for text in FAILS_WHEN_COMPUTED]
    assert not [message for message in messages if re.search(r"212|0123|Ada|12345678", message)]


PRESENCE = [
    # expression                              missing                       null    empty
    ("{{ X is defined }}", False, True, True),
    ("{{ X is undefined }}", True, False, False),
    ("{{ X | default('d') }}", "d", None, ""),
    ("{{ X | default('d', true) }}", "d", "d", "d"),
    ("{{ X | d(none) }}", None, None, ""),
    ("{{ X is none }}", ExpressionError, True, False),
    ("{{ X is empty }}", ExpressionError, True, True),
    ("{{ X }}", ExpressionError, None, ""),
    ("{{ X or 'd' }}", ExpressionError, "d", "d"),
    ("{{ X == '' }}", ExpressionError, False, True),
    ("{{ X in [] }}", ExpressionError, False, False),
    ("{{ 'a' if X else 'b' }}", ExpressionError, "b", "b"),
    ("{{ [X] }}", ExpressionError, [None], [""]),
    ("{{ {'a': X} }}", ExpressionError, {"a": None}, {"a": ""}),
    ("{{ X ~ 'a' }}", ExpressionError, ExpressionError, "a"),
    ("{{ X | sha256 | length }}", ExpressionError, ExpressionError, 64),
    ("{{ X.member is defined }}", False, False, False),
    ("{{ X | lookup({'': 'none'}) }}", ExpressionError, "none", "none"),
    *(
        (f"{{{{ X | {use} }}}}", ExpressionError, None, None)
        for use in (
            "phone('US')",
            "phone('US') | e164",
            "e164",
            "national",
            "digits",
            "date('%Y')",
            "iso8601",
            "in_zone('Europe/Berlin')",
            "add_days(1)",
            "money",
            "mask",
            "truncate(3)",
            "slug",
            "lower",
            "upper",
            "trim",
            "title",
            "capitalize",
            "replace('a', 'b')",
        )
    ),
]


@pytest.mark.parametrize("case", ["missing", "cleared", "empty"])
@pytest.mark.parametrize(("pattern", "missing", "null", "empty"), PRESENCE, ids=[row[0] for row in PRESENCE])
def test_missing_null_and_empty_are_three_things(pattern: str, missing: Any, null: Any, empty: Any, case: str) -> None:
    expected = {"missing": missing, "cleared": null, "empty": empty}[case]
    text = pattern.replace("X", f"record.{case}")
    if expected is ExpressionError:
        assert message_of(text)
    else:
        assert value_of(text) == expected


@pytest.mark.parametrize(
    ("text", "path"),
    {
        "{{ record.x }}": "record.x",
        "{{ record['x'] | upper }}": "record.x",
        "{{ record.x.y.z }}": "record.x",
        "{{ record.owner['a b'] }}": "record.owner['a b']",
        "{{ record.tier.x }}": "record.tier.x",
        "{{ event.occurred_at.year }}": "event.occurred_at.year",
        "{{ record.phone.upper }}": "record.phone.upper",
        "{{ changed[9] }}": "changed[9]",
        "{{ changed.first }}": "changed.first",
        "{{ record[record.phone] }}": "record[…]",
        "{{ body.list | map(attribute='n') }}": "n of an item",
        "{{ body.list | column(0, key='n') }}": "n of an item",
    }.items(),
)
def test_using_what_is_missing_names_the_path_but_no_computed_key(text: str, path: str) -> None:
    assert f": {path} is missing; test it with 'is defined' or give it a default(…)" in message_of(text)


@pytest.mark.parametrize(
    "text", ["{{ record.x }}", "{{ 'a' if record.x is defined }}", "{{ record.x.y | default(record.z) }}"]
)
def test_or_missing_tells_a_missing_value_from_an_error(text: str) -> None:
    assert compile_template(text, names=NAMES).or_missing(SCOPE) is MISSING


@pytest.mark.parametrize("text", ["{{ record.x | upper }}", "a {{ record.x }}", "{{ [record.x] }}"])
def test_or_missing_is_still_strict_inside_of_the_value(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_template(text, names=NAMES).or_missing(SCOPE)


@pytest.mark.parametrize(
    "value", [None, 7, 1.5, True, ["{{ record.x }}"], "", "text", '{"a": {"b": 1}}', "50 % {or} so\r\n"]
)
def test_a_value_without_braces_is_literal(value: Any) -> None:
    template = compile_template(value, names=NAMES)
    assert template.constant
    assert template({}) is value


def test_a_template_knows_the_names_it_uses() -> None:
    template = compile_template("{{ record.a }} {{ tables.b if event.c }}", names=NAMES)
    assert template.roots == {"record", "tables", "event"}
    assert not template.constant


def test_text_around_expressions_is_kept_and_values_become_text() -> None:
    assert value_of(" {{ record.tier }}: {{ record.active }}, {{ changed }}\n") == ' 1: true, ["tier","score"]\n'


def test_json_around_an_expression_needs_no_escapes() -> None:
    assert value_of('{"a": {"b": "{{ record.tier }}"}}') == '{"a": {"b": "1"}}'


def test_a_tree_is_computed_member_by_member() -> None:
    tree = compile_tree({"a": ["{{ record.tier }}", 2, {"b": "{{ event.id }}!"}], "c": None}, names=NAMES)
    assert tree(SCOPE) == {"a": [1, 2, {"b": "e1!"}], "c": None}


def test_a_tree_holds_only_what_json_can_hold() -> None:
    tree = compile_tree(
        {
            "phone": "{{ record.phone | phone('US') }}",
            "at": ["{{ event.occurred_at }}"],
            "list": "{{ [{'at': event.occurred_at}, 1] }}",
            "exact": "{{ '0.12345678901234567890' | number }}",
        },
        names=NAMES,
    )
    at = "2026-05-12T09:30:00.000Z"
    assert json.loads(json.dumps(tree(SCOPE))) == {
        "phone": "+12125550123",
        "at": [at],
        "list": [{"at": at}, 1],
        "exact": "0.1234567890123456789",
    }


def test_a_mistake_in_a_tree_is_found_when_it_is_compiled() -> None:
    with pytest.raises(ExpressionError, match="unknown filter"):
        compile_tree({"a": ["{{ record.tier | gold }}"]}, names=NAMES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (12345678901234567890, "12345678901234567890"),
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (0.0000001, "0.0000001"),
        (1e-9, "1e-9"),
        (Decimal("1.50"), "1.5"),
        (Decimal("100"), "100"),
        (datetime(1985, 4, 12, 23, 20, 50, 525999, tzinfo=UTC), "1985-04-12T23:20:50.525Z"),
        ({"b": [1, None], "a": "ü"}, '{"b":[1,null],"a":"ü"}'),
        ([Decimal("0.1"), datetime(2026, 1, 1, tzinfo=UTC)], '[0.1,"2026-01-01T00:00:00.000Z"]'),
        (Phone(country_code=39, national="0612345678"), "+390612345678"),
    ],
)
def test_each_kind_of_value_has_one_text(value: Any, text: str) -> None:
    assert as_text(value) == text


WITHOUT_TEXT = [None, float("nan"), [float("inf")], 10**5000, {(1, 2): 3}, b"bytes", object()]


@pytest.mark.parametrize("value", WITHOUT_TEXT, ids=range(len(WITHOUT_TEXT)))
def test_a_value_without_a_text_is_an_error(value: Any) -> None:
    with pytest.raises(ExpressionError):
        as_text(value)


def test_a_phone_number_does_not_show_in_a_repr() -> None:
    assert "555" not in repr({"customer": value_of("{{ record.phone | phone('US') }}")})


LARGE = {"record": {"a": "x" * 60_000, "b": list(range(9_000))}}


@pytest.mark.parametrize(
    "text",
    [
        "{{ record.a ~ record.a }}",
        "{{ record.a + record.a }}",
        "{{ record.a }}{{ record.a }}",
        "{{ record.a | replace('x', 'xx') }}",
        "{{ record.a | replace('', record.a) }}",
        "{{ [record.a, record.a] | join }}",
        "{{ record.b | join(record.a) }}",
        "{{ record.b + record.b }}",
        "{{ record.a | urlencode ~ record.a | sha256 ~ record.a | json }}",
    ],
)
def test_no_expression_grows_without_end(text: str) -> None:
    with pytest.raises(ExpressionError, match="longer than"):
        compile_template(text, names=["record"])(LARGE)


EXAMPLES = [
    (name, example, expected)
    for name, function in FILTERS.items()
    for example, expected in re.findall(r"`(\{\{.+?\}\})` → `(.*?)`", function.__doc__ or "")
]


@pytest.mark.parametrize(("example", "expected"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES])
def test_the_example_of_a_filter_is_true(example: str, expected: str) -> None:
    assert as_text(value_of(example)) == expected


def test_every_filter_has_an_example() -> None:
    assert {name for name, _, _ in EXAMPLES} == set(FILTERS)


WORDS = st.sampled_from(
    [
        *(
            "record",
            "changed",
            "tables",
            ".phone",
            ".x",
            "._y",
            "[0]",
            "['tier']",
            "[1:]",
            "[",
            "]",
            "(",
            ")",
            "{",
            "}",
            ":",
            ",",
        ),
        *(
            "|",
            "~",
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
            "==",
            "<",
            "in",
            "not",
            "and",
            "or",
            "is",
            "if",
            "else",
            "none",
            "true",
        ),
        *(
            "1",
            "0",
            "2.5",
            "1e9",
            "'a'",
            '"b"',
            "'\\n'",
            "'%s'",
            "lookup(tables.tiers, 1)",
            "join(', ')",
            "{{",
            "}}",
            "{%",
            "#}",
        ),
        *FILTERS,
        *QUESTIONS,
    ]
)


def compiles_and_runs_or_is_refused(text: str) -> None:
    with suppress(ExpressionError):
        compile_template(text, names=NAMES)(SCOPE)


@settings(deadline=None, max_examples=300)
@given(st.text() | st.text().map("{{{{ {} }}}}".format))
def test_any_text_either_works_or_is_an_expression_error(text: str) -> None:
    compiles_and_runs_or_is_refused(text)


@settings(deadline=None, max_examples=1000)
@given(st.lists(WORDS, max_size=9).map(" ".join).map("{{{{ {} }}}}".format))
def test_any_words_of_the_language_either_work_or_are_an_expression_error(text: str) -> None:
    compiles_and_runs_or_is_refused(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ARGUMENTS = {
    "add_days": "(1)",
    "column": "('a', key='b')",
    "date": "('%Y')",
    "in_zone": "('Europe/Berlin')",
    "lookup": "({})",
    "map": "(attribute='a')",
    "replace": "('a', 'b')",
    "truncate": "(2)",
}


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_no_value_makes_a_filter_fail_with_anything_but_an_expression_error(value: Any) -> None:
    for compiled in EVERY_FILTER:
        with suppress(ExpressionError):
            compiled({"record": value})


@settings(deadline=None)
@given(VALUES)
def test_a_value_has_a_text_or_an_expression_error(value: Any) -> None:
    with suppress(ExpressionError):
        assert isinstance(as_text(value), str)


@settings(deadline=None)
@given(VALUES)
def test_a_tree_can_always_be_written_as_json_or_is_an_expression_error(value: Any) -> None:
    tree = compile_tree({"a": ["{{ record }}"]}, names=["record"])
    with suppress(ExpressionError):
        assert json.dumps(tree({"record": value}), allow_nan=False)


EVERY_FILTER = [
    compile_template(f"{{{{ record | {name}{ARGUMENTS.get(name, '')} }}}}", names=["record"]) for name in FILTERS
]
