"""Body bytes -> plain data, one entry per format."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from bridge.errors import Unreadable
from bridge.model import Json
from bridge.sources.source import Reading

MAX_DEPTH = 100
"""Far more than a CRM nests, far less than what Python's own readers and writers can take."""

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def parse(body: bytes, reading: Reading) -> Json:
    """What stands at the reading's root; raise Unreadable, without a word of the body, where nothing does."""
    if not body.strip():
        raise Unreadable("the body is empty")
    try:
        data = PARSERS[reading.format](body)
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    _refuse_depth(data, MAX_DEPTH)
    return member(data, reading.root)


def member(data: Json, path: Sequence[str]) -> Json:
    for name in path:
        if not isinstance(data, dict) or name not in data:
            raise Unreadable(f"the body has no {'.'.join(path)}")
        data = data[name]
    return data


TOO_DEEP = f"the body nests more than {MAX_DEPTH} levels deep"


def _refuse_depth(data: Json, left: int) -> None:
    if not isinstance(data, dict | list):
        return
    if not left:
        raise Unreadable(TOO_DEEP)
    for inner in data.values() if isinstance(data, dict) else data:
        _refuse_depth(inner, left - 1)


def _parse_json(body: bytes) -> Json:
    """RFC 8259, with integers exact. NaN, Infinity and numbers too big for JSON's readers are refused."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise Unreadable(f"the body is not JSON: line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except ValueError:
        raise Unreadable("the body holds a number that JSON does not know") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _parse_xml(body: bytes) -> Json:
    """XML by the names of its elements: DTDs and entities are refused, namespaces left out."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise Unreadable(f"the body is not XML: line {line}, column {column}") from None
    except (ValueError, LookupError):
        raise Unreadable("the body is not XML that is safe to read: a DTD, an entity or an unknown encoding") from None
    return {_local(root.tag): _data_of(root)}


def _data_of(element: Element) -> Json:
    """A map of the children, or the text where there are none; xsi:nil is null.

    Children of one name are a list. A child's xsi:type stands beside it, as `name@type`.
    """
    if element.get(f"{XSI}nil") in ("true", "1"):
        return None
    if not len(element):
        return element.text or ""
    data: dict[str, Any] = {}
    for child in element:
        name = _local(child.tag)
        _add(data, name, _data_of(child))
        if kind := child.get(f"{XSI}type"):
            _add(data, f"{name}@type", kind.rpartition(":")[2])
    return data


def _add(data: dict[str, Any], name: str, value: Json) -> None:
    if name not in data:
        data[name] = value
    elif isinstance(data[name], list):
        data[name].append(value)
    else:
        data[name] = [data[name], value]


def _local(tag: str) -> str:
    """'{urn:sobject.enterprise.soap.sforce.com}Email' -> 'Email'."""
    return tag.rpartition("}")[2]


PARSERS: Mapping[str, Callable[[bytes], Json]] = {"json": _parse_json, "xml": _parse_xml}
