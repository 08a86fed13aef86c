"""Each preset in one line: what it is for, how it proves the sender, and what the sender expects of us."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bridge.sources.checks import AllOf, AnyOf, Basic, Check, Constraint, Hash, Hmac, Jwt, Signed, Static, secrets_of
from bridge.sources.presets import preset_names, preset_parts
from bridge.sources.schema.checks import CheckField


@dataclass(frozen=True, kw_only=True)
class Line:
    """The facts of one preset, in the order in which they are shown."""

    name: str
    what: str
    proof: str
    secrets: str
    deadline: str
    retries: str
    error_costs: str


def overview() -> list[Line]:
    return [_line(name) for name in preset_names()]


def _line(name: str) -> Line:
    parts = preset_parts(name)
    check: Check = CheckField().deserialize(parts["verify"])
    docs = parts["docs"]
    return Line(
        name=name,
        what=docs["title"],
        proof=_ways(check, _proof),
        secrets=_ways(check, lambda way: ", ".join(secrets_of(way))),
        deadline=docs["deadline"],
        retries=docs["retries"],
        error_costs=docs["error_costs"],
    )


def _ways(check: Check, words: Callable[[Check], str]) -> str:
    """Each way to prove the sender, once."""
    ways = check.checks if isinstance(check, AnyOf) else (check,)
    return " or ".join(dict.fromkeys(words(way) for way in ways))


def _proof(check: Check) -> str:
    return PROOFS[type(check)](check)


def _signed(kind: str) -> Callable[[Signed], str]:
    return lambda check: f"{kind}{check.digest.upper()}{' with the time' if check.timestamp else ''}"


PLACES = {"header": "a key in a header", "query": "a key in the address", "json": "a key in the body"}
PROOFS: Mapping[type[Check], Callable[[Any], str]] = {
    Hmac: _signed("HMAC-"),
    Hash: _signed("hash, "),
    Jwt: lambda check: "JWT",
    Static: lambda check: "a bearer token" if check.place.scheme else PLACES.get(check.place.kind, PLACES["json"]),
    Basic: lambda check: "user and password",
    Constraint: lambda check: f"a known {check.secret}",
    AnyOf: lambda check: _ways(check, _proof),
    AllOf: lambda check: " and ".join(_proof(inner) for inner in check.checks),
}


HEADINGS: Mapping[str, str] = {
    "name": "preset",
    "what": "what",
    "proof": "proved by",
    "secrets": "secrets",
    "deadline": "answer within",
    "retries": "retries",
    "error_costs": "what an error costs there",
}

PAGE = """# Presets

This page is made from the presets themselves, by `bridge presets --markdown`. The name leads to the guide: what to
click at the sender, and a mapping to start from. `bridge presets hubspot` prints a preset with its comments. What is
unconfirmed or not documented is not in the vendor's public pages, as far as they were read.

"""


def page() -> str:
    """docs/presets.md."""
    names = [field.name for field in fields(Line)]
    rows = [[_shown(line, name) for name in names] for line in overview()]
    table = [[HEADINGS[name] for name in names], ["---"] * len(names), *rows]
    return PAGE + "".join(_row(cells) for cells in table)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _shown(line: Line, name: str) -> str:
    text: str = getattr(line, name).replace("|", "\\|")
    return f"[{text}](crm/{text}.md)" if name == "name" else text
