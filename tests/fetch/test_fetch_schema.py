"""Mistakes in `fetch:` are told at their line, with a remedy."""

import pytest

from bridge.documents import load
from bridge.sources.schema import read_source

START = """\
source:
  name: crm
  preset: generic
  secrets: {api_key: [k], api_token: [t]}
  fetch:
"""
URL = '    url: "https://api.example.com/leads/{{ event.record_id }}"\n'
AUTH = "    auth: {bearer: api_token}\n"
OAUTH = "    auth: {oauth2: {client_id: api_token, client_secret: api_token, token_url: WHERE}}\n"
BATCH = (
    '    batch: {url: "https://api.example.com/read", body: {}, most: 9, records: "{{ body }}", id: "{{ item.id }}", '
)
NO_HOST = "is no URL that starts with a host written out, as in https://api.example.com/contacts/…"


def problems(text: str) -> list[str]:
    document = load(START + text, "crm.yaml")
    _, found = read_source(document, ("source",), {})
    return [str(problem) for problem in found]


def test_little_needs_to_be_said() -> None:
    assert problems(URL + AUTH) == []
    assert problems(URL + AUTH + "    cache: 0s\n    give_up: 2w\n") == []


@pytest.mark.parametrize("start", ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/", "http://crm:80/"])
def test_this_machine_and_its_neighbours_may_do_without_tls(start: str) -> None:
    assert problems(f"    url: {start}leads\n" + AUTH) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (AUTH, "crm.yaml:5: source.fetch.url: is missing; add it"),
        (URL, "crm.yaml:5: source.fetch.auth: is missing; add it"),
        (URL + AUTH + "    wen: x\n", "crm.yaml:8: source.fetch.wen: unknown key, did you mean 'when'?"),
        (AUTH + '    url: "{{ body.url }}"\n', f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (AUTH + '    url: "https://{{ body.host }}/a"\n', f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (AUTH + '    url: "https://api.example.com{{ body.a }}/b"\n', f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (AUTH + "    url: https://user:pass@api.example.com/\n", f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (AUTH + "    url: https://api.example.com/a b\n", f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (AUTH + "    url: ftp://api.example.com/\n", f"crm.yaml:7: source.fetch.url: {NO_HOST}"),
        (
            AUTH + "    url: http://127.evil.example.com/\n",
            "crm.yaml:7: source.fetch.url: would send the secret unencrypted; write https://",
        ),
        ("    5\n", "crm.yaml:5: source.fetch: is not a map of keys and values"),
        (URL + "    auth: {baerer: api_token}\n", "crm.yaml:7: source.fetch.auth: 'baerer' is not known"),
        (URL + "    auth: api_token\n", "source.fetch.auth: is not a map with one key; write one of bearer, header"),
        (URL + "    auth: {header: {name: X-Key}}\n", "source.fetch.auth.header.secret: is missing; add it"),
        (URL + OAUTH.replace("WHERE", "http://id.example.com/"), "token_url: would send the secret unencrypted"),
        (
            URL + OAUTH.replace("WHERE", '"https://id.example.com/{{ event.id }}"'),
            "crm.yaml:7: source.fetch.auth.oauth2.token_url: is the same for every event; write it without {{ }}",
        ),
        (
            URL + AUTH + '    record: "{{ event.id }}"\n',
            "crm.yaml:8: source.fetch.record: {{ event.id }}: unknown name",
        ),
        (URL + AUTH + '    when: "{{ tables.a }}"\n', "crm.yaml:8: source.fetch.when: {{ tables.a }}: unknown name"),
        (URL + AUTH + "    rate: {limit: 0, per: 10s}\n", "source.fetch.rate.limit: is not a whole number from 1 to"),
        (URL + AUTH + "    cache: 60\n", "crm.yaml:8: source.fetch.cache: is not a length of time"),
        (URL + AUTH + "    give_up: 0s\n", "crm.yaml:8: source.fetch.give_up: is not a length of time"),
        (URL + AUTH + BATCH + "}\n", "crm.yaml:8: source.fetch.batch.record: is missing; add it"),
        (
            URL + AUTH + BATCH.replace("{}", '{a: "{{ id }}"}') + 'record: "{{ item }}"}\n',
            "crm.yaml:8: source.fetch.batch.body: {{ id }}: unknown name",
        ),
    ],
)
def test_a_mistake_is_told_with_its_remedy(text: str, said: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert said in found[0]


def test_a_secret_that_nobody_asks_for_is_told() -> None:
    assert problems(URL + AUTH.replace("api_token", "api_key")) == [
        "crm.yaml:4: source.secrets.api_token: neither a check nor fetch uses this secret, did you mean 'api_key'?"
    ]


def test_a_secret_that_fetch_needs_must_be_named() -> None:
    without = START.replace(", api_token: [t]", "")
    _, [problem] = read_source(load(without + URL + AUTH, "crm.yaml"), ("source",), {})
    assert str(problem) == (
        'crm.yaml:4: source.secrets.api_token: is missing; add it, as in api_token: ["${API_TOKEN}"]'
    )


def test_a_missing_secret_keeps_no_webhook_out() -> None:
    document = load(START.replace("[t]", '["${CRM_TOKEN}"]') + URL + AUTH, "crm.yaml")
    source, _ = read_source(document, ("source",), {})
    assert source
    assert source.missing_secrets == ("CRM_TOKEN",)
    assert list(source.secrets) == ["api_key"]
