"""XML by the names of its elements: DTDs and entities are refused, namespaces left out."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from bridge.errors import Unreadable
from bridge.model import Json

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def parse_xml(body: bytes) -> Json:
    """A map of the root's name to what is in it."""
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
