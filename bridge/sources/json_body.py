"""JSON as RFC 8259 has it, with integers exact."""

import json
from typing import NoReturn

from bridge.errors import Unreadable
from bridge.model import Json


def parse_json(body: bytes) -> Json:
    """NaN, Infinity and numbers too big for JSON's readers are refused."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise Unreadable(f"the body is not JSON: line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except ValueError:
        raise Unreadable("the body holds NaN, Infinity or a number too large to be read") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number
