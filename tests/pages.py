"""How tests read a document: its fenced blocks, its sections, and what in it is to be typed."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block, and the prose that leads to it."""

    before: str
    language: str
    text: str


def blocks(text: str) -> list[Block]:
    found = re.finditer(r"(.*?)^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [
        Block(before=before, language=language, text=inner) for before, language, inner in map(re.Match.groups, found)
    ]


def section(document: Path, heading: str) -> str:
    """From the heading to the next one of its level."""
    level = heading.partition(" ")[0]
    return document.read_text("utf-8").split(f"\n{heading}\n", 1)[1].split(f"\n{level} ", 1)[0]


def code(document: Path) -> str:
    """What stands in the document to be typed: shell blocks and short pieces within the prose."""
    text = document.read_text("utf-8")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    shell = [block.text for block in blocks(text) if block.language == "sh"]
    return "\n".join([*shell, *re.findall(r"`([^`\n]+)`", prose)])


def slug(heading: str) -> str:
    """As the anchors of headings are made where the documents are shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
