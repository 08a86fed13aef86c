"""Mistakes in the `source:` part: each with its line and what to do about it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.documents import Document, load
from bridge.sources.checks import Place, Static, secrets_of
from bridge.sources.presets import preset_parts
from bridge.sources.schema import preset_names, preset_text, read_source
from bridge.sources.schema.checks import CheckField
from tests.sources.recorded import problems_of, source

FULL = """
  name: mine
  secrets: {key: one}
  verify: {static: {secret: key, header: X-Key}}
  read: {format: json}
  event:
    type: "{{ item.type }}"
    record_id: "{{ item.id }}"
"""


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_names_all_its_parts_and_its_facts(name: str) -> None:
    parts = load(preset_text(name), name).data
    assert parts.keys() >= {"verify", "read", "event", "reply", "docs"}
    assert parts["docs"].keys() == {"title", "deadline", "retries", "error_costs"}


@pytest.mark.parametrize("name", preset_names())
def test_a_printed_preset_can_be_written_out_in_a_mapping(name: str) -> None:
    asked = secrets_of(CheckField().deserialize(preset_parts(name)["verify"]))
    secrets = json.dumps(dict.fromkeys(asked, "x"))
    by_preset = source(f"{{name: mine, preset: {name}, secrets: {secrets}}}")
    text = f"name: mine\nsecrets: {secrets}\n{preset_text(name)}"
    written, problems = read_source(load(text, "mine.yaml"), (), {})
    assert not problems
    assert written
    assert (written.read, written.reply, written.redact) == (by_preset.read, by_preset.reply, by_preset.redact)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: mine", "name: My CRM", "mine.yaml:3: source.name: is no name for a URL"),
        ("name: mine", "nam: mine", "mine.yaml:3: source.nam: unknown key, did you mean 'name'?"),
        ("name: mine", "nam: mine", "mine.yaml:2: source.name: is missing; add it"),
        ("name: mine", "name: 5", "mine.yaml:3: source.name: is not text; write it in quotes"),
        ("name: mine", "name:", "mine.yaml:3: source.name: is empty"),
        ("name: mine", "name: mine\n  preset: hubspott", "mine.yaml:4: source.preset: 'hubspott' is not known, did"),
        ("{key: one}", "{key: ''}", "mine.yaml:4: source.secrets.key[0]: is blank"),
        ("{key: one}", "{key: [one, 5]}", "mine.yaml:4: source.secrets.key[1]: is not text"),
        (
            "{key: one}",
            "{key: '${key}'}",
            "mine.yaml:4: source.secrets.key[0]: write the variable alone and in capital",
        ),
        ("{key: one}", "{key: 'x${KEY}'}", "mine.yaml:4: source.secrets.key[0]: write the variable alone"),
        ("{key: one}", "{kay: one}", "mine.yaml:4: source.secrets.kay: no check uses this secret, did you mean 'key'?"),
        (
            "{key: one}",
            "{key: one, b: c}",
            "mine.yaml:4: source.secrets.b: no check uses this secret; write one of key",
        ),
        ("{key: one}", "{}", 'mine.yaml:4: source.secrets.key: is missing; add it, as in key: ["${KEY}"]'),
        ("{key: one}", "[key]", "mine.yaml:4: source.secrets: is not a map of keys and values"),
        ("{static:", "{statc:", "mine.yaml:5: source.verify.statc: unknown check, did you mean 'static'?"),
        ("{static:", "{all: [], static:", "mine.yaml:5: source.verify: is not a map with one key"),
        (
            "header: X-Key}",
            "heder: X-Key}",
            "mine.yaml:5: source.verify.static.heder: unknown key, did you mean 'header'?",
        ),
        ("header: X-Key}", "header: a, query: b}", "mine.yaml:5: source.verify.static: say where the secret stands"),
        ("header: X-Key}", "}", "mine.yaml:5: source.verify.static: say where the secret stands"),
        ("format: json", "format: jsn", "mine.yaml:6: source.read.format: 'jsn' is not known, did you mean 'json'?"),
        ("format: json", "format: json, events: a..b", "mine.yaml:6: source.read.events: has two dots together"),
        ("format: json", "format: json, events: 5", "mine.yaml:6: source.read.events: is not a path"),
        ("item.type }}", "itm.type }}", "mine.yaml:8: source.event.type: "),
        ("item.type }}", "record.type }}", "mine.yaml:8: source.event.type: "),
        ("item.type }}", "item.type | uper }}", "did you mean 'upper'?"),
        ("item.type }}", "item.type", "mine.yaml:8: source.event.type: "),
        (
            "\n    record_id:",
            "\n    recordid:",
            "mine.yaml:9: source.event.recordid: unknown key, did you mean 'record_id'?",
        ),
        ("\n    record_id:", "\n    time: min\n    record_id:", "mine.yaml:9: source.event.time: 'min' is not known"),
        ("  event:", "  redact: {bdy: [a]}\n  event:", "mine.yaml:7: source.redact.bdy: unknown key"),
        (
            "  event:",
            "  reply: {stord: {}}\n  event:",
            "mine.yaml:7: source.reply.stord: unknown key, did you mean 'stored'?",
        ),
        (
            "  event:",
            "  reply: {stored: {status: 500}}\n  event:",
            "source.reply.stored.status: would make the sender repeat",
        ),
        (
            "  event:",
            "  reply: {failed: {status: 200}}\n  event:",
            "source.reply.failed.status: would make the sender forget",
        ),
        (
            "  event:",
            "  reply: {stored: {status: ok}}\n  event:",
            "source.reply.stored.status: is not a whole number from",
        ),
        (
            "  event:",
            "  reply: {stored: {body: a}}\n  event:",
            "source.reply.stored: body and content_type go together",
        ),
        (
            "  event:",
            '  reply: {stored: {headers: {A: "b\\n"}}}\n  event:',
            "source.reply.stored.headers.A: holds a line break",
        ),
        (
            "  event:",
            "  limits: {body_bytes: 0}\n  event:",
            "mine.yaml:7: source.limits.body_bytes: is not a whole number from",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_remedy(old: str, new: str, problem: str) -> None:
    assert FULL.count(old) == 1
    found, problems = problems_of(FULL.replace(old, new))
    assert found is None
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]


HMAC = "hmac: {digest: sha256, secret: key, message: [body], signature: {header: A, encoding: hex}}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("sha256", "md5", "verify.hmac.digest: 'md5' is not known"),
        ("hex", "hax", "verify.hmac.signature.encoding: 'hax' is not known, did you mean 'hex'?"),
        ("[body]", "[bdy]", "verify.hmac.message[0]: 'bdy' is not known, did you mean 'body'?"),
        ("[body]", "body", "verify.hmac.message: is not a list; write it as [one, another]"),
        ("[body]", "[method, url]", "verify.hmac.message: does not cover the body"),
        ("[body]", "[body, timestamp]", "verify.hmac.message: name timestamp here and describe it"),
        ("[body]", "[body, {url: decded}]", "verify.hmac.message[1]: 'decded' is not known, did you mean 'decoded'?"),
        ("[body]", "[{body: decoded}]", "verify.hmac.message[0]: 'body' has only one form"),
        (
            "[body]",
            "[body], timestamp: {header: A, format: ms, tolerance: 5}",
            "timestamp.tolerance: is not a length of time",
        ),
        (HMAC, "any: {static: {}}", "verify.any: is not a list"),
        (HMAC, "any: []", "verify.any: is empty; add a check"),
        (HMAC, "any: [static: {secret: key, header: A}, hmac: {}]", "verify.any[1].hmac.digest: is missing; add it"),
        (HMAC, 'constraint: {value: "{{ body.a }}", secret: key}', "verify: anyone could send this"),
        (
            HMAC,
            'any: [static: {secret: key, query: a}, constraint: {value: "{{ body.a }}", secret: key}]',
            "verify: anyone could send this",
        ),
        (HMAC, 'constraint: {value: "{{ record.a }}", secret: key}', "verify.constraint.value: "),
    ],
)
def test_a_mistake_in_a_check_is_told_where_it_stands(old: str, new: str, problem: str) -> None:
    _, problems = problems_of(FULL.replace("static: {secret: key, header: X-Key}", HMAC.replace(old, new)))
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]


MISTAKES = """
  name: A B
  preset: hubspot
  remembr: []
  secrets: {client_scret: x}
  limits:
    body: 1
"""


def test_all_mistakes_are_told_at_once_and_by_line() -> None:
    _, problems = problems_of(MISTAKES)
    assert {problem.path: problem.line for problem in problems} == {
        "source.name": 3,
        "source.remembr": 5,
        "source.secrets.client_scret": 6,
        "source.limits.body": 8,
    }


def test_an_unknown_preset_is_one_mistake_and_not_four() -> None:
    _, problems = problems_of("{name: mine, preset: hubsport}")
    assert [problem.message for problem in problems] == ["'hubsport' is not known, did you mean 'hubspot'?"]


@pytest.mark.parametrize("yaml", ["text", "[]", "5"])
def test_a_source_must_be_a_map(yaml: str) -> None:
    _, problems = problems_of(yaml)
    assert [str(problem) for problem in problems] == ["mine.yaml:2: source: is not a map of keys and values"]


def test_a_part_of_a_preset_can_be_overridden_member_by_member() -> None:
    mine = source(
        """
  name: mine
  preset: generic
  secrets: {api_key: '${API_KEY}'}
  remember: [phone, tier]
  event: {type: "{{ item.kind }}", tenant: null}
  reply: {stored: {status: 201}}
  limits: {body_bytes: 100}
"""
    )
    assert (mine.event.type.text, mine.event.tenant) == ("{{ item.kind }}", None)
    assert mine.event.record_id.text == "{{ record.id | default(item.record_id) }}"
    assert {kind.value: plan.status for kind, plan in mine.reply.items()} == {
        "stored": 201,
        "duplicate": 200,
        "unreadable": 200,
    }
    assert (mine.remember, mine.max_body_bytes, mine.preset) == (("phone", "tier"), 100, "generic")


def test_a_verification_is_replaced_as_a_whole() -> None:
    mine = source("{name: mine, preset: generic, secrets: {k: x}, verify: {static: {secret: k, query: key}}}")
    assert mine.verify == Static(secret="k", place=Place(kind="query", name="key"))
    assert "key" in mine.redact.query


@pytest.mark.parametrize("given", [["signing_secret"], ["url_key"], ["signing_secret", "url_key"]])
def test_of_the_ways_that_a_preset_offers_those_count_whose_secrets_are_given(given: list[str]) -> None:
    secrets = ", ".join(f"{name}: x" for name in given)
    mine = source(f"{{name: mine, preset: monday, secrets: {{{secrets}}}}}")
    assert sorted(secrets_of(mine.verify)) == given


def test_who_gives_no_secret_is_told_all_that_a_preset_offers() -> None:
    _, problems = problems_of("{name: mine, preset: monday}")
    assert sorted(problem.path for problem in problems) == ["source.secrets.signing_secret", "source.secrets.url_key"]


def test_who_writes_the_ways_out_means_them_all() -> None:
    ways = "{any: [static: {secret: a, query: k}, static: {secret: b, query: l}]}"
    _, problems = problems_of(f"{{name: mine, preset: generic, secrets: {{a: x}}, verify: {ways}}}")
    assert [problem.path for problem in problems] == ["source.secrets.b"]


def test_an_overriding_mistake_stands_at_its_own_line() -> None:
    _, problems = problems_of("\n  name: mine\n  preset: generic\n  secrets: {api_key: x}\n  event:\n    tim: ms")
    assert [str(problem) for problem in problems] == [
        "mine.yaml:7: source.event.tim: unknown key, did you mean 'time'?"
    ]


def test_a_secret_may_come_from_the_environment_with_blanks_around_it() -> None:
    mine = source("{name: mine, preset: generic, secrets: {api_key: ['${ONE}', two, '${THREE}']}}", {"ONE": " one\n"})
    assert mine.secrets["api_key"].values == ("one", "two")
    assert mine.missing_secrets == ("THREE",)


KEYS = "name preset secrets remember verify read event redact reply limits docs any all hmac static constraint"
MEMBERS = "secret header query value message signature digest format events type record_id stored status body headers"
VALUES = [
    "mine",
    "generic",
    "hubspot",
    "json",
    "sha256",
    "{{ item.id }}",
    "{{ nothing",
    "${A}",
    "",
    0,
    -1,
    2.5,
    True,
    None,
]
anything = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*KEYS.split(), *MEMBERS.split()]), inner, max_size=6)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(data=anything)
def test_whatever_stands_in_a_file_is_read_or_has_problems(data: Any) -> None:
    found, problems = read_source(Document(file="mine.yaml", data=data, lines={}), (), {})
    assert (found is None) == bool(problems)
