"""The reference names every word that a source may use."""

import re
from pathlib import Path

import pytest

from bridge.sources.message import DELIMITERS, DIGESTS, ENCODERS, KEYS, PARTS, URL_FORMS
from bridge.sources.moments import READERS
from bridge.sources.parse import PARSERS
from bridge.sources.plain import PLAIN
from bridge.sources.schema.checks import CHECKS, GROUPS
from bridge.sources.schema.handshakes import AnswerSchema, MatchSchema
from bridge.sources.schema.parts import EventSchema, ReadingSchema, ReplySchema
from bridge.sources.schema.strict import StrictSchema
from tests.pages import section

REFERENCE = Path(__file__).parents[2] / "docs" / "mapping-reference.md"
WORDS = {
    "checks": [*CHECKS, *GROUPS],
    "digests": DIGESTS,
    "keys": KEYS,
    "parts": PARTS,
    "urls": URL_FORMS,
    "formats of signatures": DELIMITERS,
    "encodings": ENCODERS,
    "formats of bodies": PARSERS,
    "wrapped values": PLAIN,
    "times": READERS,
}
SCHEMAS: list[type[StrictSchema]] = [MatchSchema, AnswerSchema, ReadingSchema, EventSchema, ReplySchema]  # type: ignore[list-item]  # made from a table
SCHEMAS += [schema for schema in CHECKS.values() if issubclass(schema, StrictSchema)]


def named() -> set[str]:
    """Every word that stands in backquotes in the chapter, alone or in braces."""
    prose = re.sub(r"^```.*?^```$", "", section(REFERENCE, "### Written out in full"), flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`]+)`", prose))))


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_that_a_source_may_choose_is_in_the_reference(kind: str) -> None:
    assert set(WORDS[kind]) - named() == set()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_every_key_of_a_part_is_in_the_reference(schema: type[StrictSchema]) -> None:
    assert set(schema().fields) - named() == set()
