"""What each preset is held to: its recorded requests, as they are and altered, posted to the web app."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from flask.testing import FlaskClient
from sqlalchemy import Table, func, select
from werkzeug.test import TestResponse

from bridge import clock
from bridge.alvaria.limits import Limits
from bridge.demo.samples import entries
from bridge.mappings.catalogue import Catalogue, read_texts
from bridge.mappings.rules import Mapping as Rules
from bridge.model import Received
from bridge.sources.moments import moment
from bridge.sources.signing import sign
from bridge.tables import events, webhooks
from bridge.web import create_app
from bridge.wiring import Bridge
from tests.words import NOON, SAMPLES

Alter = Callable[[str], str | None]
"""A proof's text -> another; None takes it away."""
Change = Callable[[Received], Received]
HOST = "https://bridge.example.com"
ENTRIES: Mapping[str, dict[str, Any]] = {entry["body"]: entry for entry in entries()}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A preset with a sample of it, and how that sample proves its sender."""

    sample: str
    preset: str
    secrets: Mapping[str, str]
    """The preset's name of each secret -> the name that the index gives it."""
    proof: tuple[str, str]
    """Where the signature or the secret stands: header, query, json or form, and its name or path."""
    covers_body: bool = False
    stamped: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the mapping says of the source."""
    harmless: tuple[str, ...] = ()
    """Names of the index's secrets that may be kept, such as a user's name."""

    def mapping(self, *, forged: bool = False) -> Rules:
        """The mapping of somebody who writes no rules yet; `forged`: with other secrets than the sample's."""
        known = ENTRIES[self.sample]["secrets"]
        secrets = {name: [another(known[index]) if forged else known[index]] for name, index in self.secrets.items()}
        source = {"name": SAMPLES[self.sample].source, "preset": self.preset, "secrets": secrets, **self.more}
        read = read_texts({"mine.yaml": json.dumps({"version": 1, "source": source})}, env={}, limits=Limits())
        assert read.mapping, read.problems
        assert not read.errors
        return read.mapping

    @property
    def request(self) -> Received:
        return SAMPLES[self.sample].request

    @property
    def status(self) -> int:
        status: int = ENTRIES[self.sample]["respond"]["status"]
        return status

    def altered(self, alter: Alter) -> Received:
        kind, name = self.proof
        return ALTERED[kind](self.request, name, alter)

    def resigned(self, body: bytes) -> Received:
        """Another body, sent by the same sender."""
        return sign(self.mapping().source, replace(self.request, body=body), now=clock.now())

    def __str__(self) -> str:
        return f"{self.preset} {self.sample}"


def another(secret: str) -> str:
    """One letter in the middle is another, which leaves hex hex and base64 base64."""
    at = len(secret) // 2
    return secret[:at] + ("1" if secret[at] == "0" else "0") + secret[at + 1 :]


def _in_header(request: Received, names: str, alter: Alter) -> Received:
    """Several, with commas between them, where the CRM writes the same twice."""
    made = {name: alter(text) if name in names.split(",") else text for name, text in request.headers.items()}
    return replace(request, headers={name: text for name, text in made.items() if text is not None})


def _in_basic(request: Received, name: str, alter: Alter) -> Received:
    """The password; without one there is no header."""
    return _in_header(request, "authorization", lambda text: _basic(b64decode(text.split()[1]).decode(), alter))


def _basic(known: str, alter: Alter) -> str | None:
    made = alter(known)
    return None if made is None else f"Basic {b64encode(made.encode()).decode()}"


def _in_query(request: Received, name: str, alter: Alter) -> Received:
    path, _, query = request.url.partition("?")
    return replace(request, url=f"{path}?{_pairs(query, name, alter)}".rstrip("?"))


def _in_form(request: Received, name: str, alter: Alter) -> Received:
    return replace(request, body=_pairs(request.body.decode(), name, alter).encode())


def _pairs(text: str, name: str, alter: Alter) -> str:
    pairs = [(known, alter(value) if known == name else value) for known, value in parse_qsl(text)]
    return urlencode([pair for pair in pairs if pair[1] is not None], quote_via=quote)


def _in_json(request: Received, path: str, alter: Alter) -> Received:
    data = json.loads(request.body)
    *outer, name = path.split(".")
    inside = data
    for step in outer:
        inside = inside[step]
    made = alter(inside.pop(name))
    if made is not None:
        inside[name] = made
    return replace(request, body=json.dumps(data).encode())


ALTERED: Mapping[str, Callable[[Received, str, Alter], Received]] = {
    "header": _in_header,
    "basic": _in_basic,
    "query": _in_query,
    "form": _in_form,
    "json": _in_json,
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request, some time after the sample was sent, and the status that it must get."""

    shown: Shown
    what: str
    request: Received
    status: int
    later_s: float = 0
    forged: bool = False

    def __str__(self) -> str:
        return f"{self.shown}: {self.what}"


def cases(shown: Shown) -> Iterator[Case]:
    """The table of one preset, as far as its CRM signs at all."""
    sent, status = shown.request, shown.status
    by_body = 401 if shown.covers_body else status
    by_time = 401 if shown.stamped else status
    shouted = replace(sent, headers={name.upper(): text for name, text in sent.headers.items()})

    def case(what: str, request: Received, status: int, **more: Any) -> Case:
        return Case(shown=shown, what=what, request=request, status=status, **more)

    yield case("as it is", sent, status)
    yield case("header names in another letter case", shouted, status)
    yield case("the bridge has another secret", sent, 401, forged=True)
    yield case("proof cut", shown.altered(lambda text: text[:-4]), 401)
    yield case("proof empty", shown.altered(lambda text: ""), 401)
    yield case("proof of another kind", shown.altered(lambda text: "sha256=ä"), 401)
    yield case("proof missing", shown.altered(lambda text: None), 401)
    if shown.proof[0] not in ("json", "form"):
        yield case("one byte flipped", flipped(sent), by_body)
        yield case("one byte more", replace(sent, body=sent.body + b"\n"), by_body)
    yield case("299 s old", sent, status, later_s=298)
    yield case("301 s old", sent, by_time, later_s=301)
    yield case("301 s in the future", sent, by_time, later_s=-302)


def flipped(request: Received) -> Received:
    """The last digit of the body, which is no part of its syntax, is another one."""
    at = max(request.body.rfind(digit) for digit in b"0123456789")
    other = b"1" if request.body[at : at + 1] != b"1" else b"2"
    return replace(request, body=request.body[:at] + other + request.body[at + 1 :])


def web_of(bridge: Bridge, *mappings: Rules) -> FlaskClient:
    """The web app with these mappings and no others."""
    catalogue = Catalogue(mappings={mapping.name: mapping for mapping in mappings})
    return create_app(replace(bridge, catalogue=catalogue)).test_client()


def post(web: FlaskClient, request: Received) -> TestResponse:
    """Path and query arrive as they were sent: some CRMs sign them."""
    path = request.url.removeprefix(HOST)
    return web.open(
        path,
        method=request.method,
        data=request.body,
        headers=dict(request.headers),
        environ_overrides={"REQUEST_URI": path, "RAW_URI": path},
    )


def holds(bridge: Bridge, case: Case) -> None:
    """The status is the expected one, and exactly what was accepted is kept."""
    clock.start_at(NOON + timedelta(seconds=case.later_s))
    answer = post(web_of(bridge, case.shown.mapping(forged=case.forged)), case.request)
    assert answer.status_code == case.status, answer.text
    assert count(bridge, webhooks) == (case.status < 400)


def is_kept_once(bridge: Bridge, shown: Shown) -> None:
    """The events are those of the index; a second sending is acknowledged and adds none; no secret is kept."""
    web = web_of(bridge, shown.mapping())
    first, second = post(web, shown.request), post(web, shown.request)
    found, wanted = kept(bridge), ENTRIES[shown.sample]
    assert (first.status_code, second.status_code) == (shown.status, shown.status)
    assert [(one["type"], one["record_id"], one["crm_id"]) for one in found] == [
        (one["event_type"], one["record_id"], one["event_id"] or "") for one in wanted["events"]
    ]
    for one, said in zip(found, wanted["events"], strict=True):
        # Without a time of the CRM it is that of arrival.
        assert one["occurred_at"] == (
            moment(said["occurred_at"], "any", UTC) if said["occurred_at"] else one["received_at"]
        )
    text = everything_kept(bridge)
    for name, secret in wanted["secrets"].items():
        assert name in shown.harmless or (secret not in text and unquote(secret) not in text), name


def kept(bridge: Bridge) -> list[dict[str, Any]]:
    """The events in their order; `payload` is what rules see of each."""
    with bridge.database.reading() as conn:
        return [dict(row) for row in conn.execute(select(events).order_by(events.c.id)).mappings()]


def everything_kept(bridge: Bridge) -> str:
    with bridge.database.reading() as conn:
        return repr(conn.execute(select(webhooks)).all()) + repr(conn.execute(select(events)).all())


def count(bridge: Bridge, table: Table = events) -> int:
    with bridge.database.reading() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()
