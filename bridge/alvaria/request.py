"""Operation and parameters -> the request as it goes over the wire, but for host and credentials."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from bridge.alvaria.operations import Operation, Parameter
from bridge.documents import did_you_mean
from bridge.errors import BadRequest
from bridge.model import Json

SEPARATORS = (",", ":")
HEADER_VALUE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request to the API."""

    method: str
    target: str = field(repr=False)
    """Path and query. Not shown, since they name customers."""
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


def build(operation: Operation, params: Mapping[str, Json], body: Json) -> Request:
    """BadRequest where `params` do not fit the operation. None leaves a parameter out; empty text does not."""
    texts = {name: _text(operation, name, value) for name, value in params.items() if value is not None}
    given = {place: list(_given(operation, place, texts)) for place in ("path", "query", "header")}
    return Request(
        method=operation.method,
        target=_path(operation, given["path"]) + _query(given["query"]),
        headers=_headers(operation, given["header"], has_body=body is not None),
        body=None if body is None else json_bytes(body),
    )


def _text(operation: Operation, name: str, value: Json) -> str:
    known = {parameter.name for parameter in operation.parameters}
    if name not in known:
        raise BadRequest(f"{operation.id}: there is no parameter {name!r}{did_you_mean(name, known)}")
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise BadRequest(f"{operation.id}: {name} must be text, a number or true or false, not {type(value).__name__}")
    text = str(value)
    # Half of a surrogate pair has no UTF-8 form, so no URL and no header can hold it.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRequest(f"{operation.id}: {name} holds half a character; remove it")
    return text


def _given(operation: Operation, place: str, texts: Mapping[str, str]) -> Iterator[tuple[Parameter, str]]:
    for parameter in operation.parameters:
        if parameter.place == place and parameter.name in texts:
            yield parameter, texts[parameter.name]
        elif parameter.place == place and parameter.required:
            raise BadRequest(f"{operation.id}: the parameter {parameter.name!r} is missing; give it")


def _path(operation: Operation, given: list[tuple[Parameter, str]]) -> str:
    path = operation.path
    for parameter, text in given:
        # An empty part or one of dots would lead to another path, and so to another operation.
        if text in ("", ".", ".."):
            raise BadRequest(f"{operation.id}: {parameter.name} cannot be empty, '.' or '..'")
        path = path.replace(f"{{{parameter.name}}}", quote(text, safe=""))
    return path


def _query(given: list[tuple[Parameter, str]]) -> str:
    query = urlencode([(parameter.name, text) for parameter, text in given], quote_via=quote, safe="")
    return f"?{query}" if query else ""


def _headers(operation: Operation, given: list[tuple[Parameter, str]], *, has_body: bool) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if has_body:
        headers["Content-Type"] = "application/json"
    for parameter, text in given:
        if not HEADER_VALUE.fullmatch(text):
            raise BadRequest(f"{operation.id}: {parameter.name} must be plain ASCII text of one line, and not empty")
        headers[parameter.name] = text
    return headers


def json_bytes(body: Json) -> bytes:
    """Compact UTF-8. Half of a surrogate pair becomes its JSON escape: the API shall judge it, not break us."""
    text = json.dumps(body, ensure_ascii=False, separators=SEPARATORS, allow_nan=False)
    return text.encode("utf-8", errors="backslashreplace")
