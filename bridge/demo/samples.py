"""The sample webhooks that come with the bridge, and how one is made to look as if it were sent now."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from bridge.model import Received

FOLDER = files("bridge.demo") / "samples"
ISO_TIME = re.compile(rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")
MS_TIME = re.compile(rb"(?<![\d.])\d{13}(?![\d.])")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One whole request of a CRM, byte for byte, with the secrets that it was made with."""

    name: str
    source: str
    secrets: Mapping[str, str]
    sent_at: datetime
    request: Received


def entries() -> Iterator[dict[str, Any]]:
    """What is known of each sample: index.json here, then the index.json of each CRM's folder that has one."""
    folders = [FOLDER, *sorted((found for found in FOLDER.iterdir() if found.is_dir()), key=lambda found: found.name)]
    for index in (folder / "index.json" for folder in folders):
        if index.is_file():
            yield from json.loads(index.read_text("utf-8"))


def samples() -> Iterator[Sample]:
    """All of them, in the order of the indexes."""
    for entry in entries():
        request = json.loads((FOLDER / entry["request"]).read_text("utf-8"))
        sent_at = datetime.fromisoformat(entry["sent_at"])
        yield Sample(
            name=entry["body"],
            source=request["url"].split("/webhooks/")[1].partition("?")[0],
            secrets=entry["secrets"],
            sent_at=sent_at,
            request=Received(
                method=request["method"],
                url=request["url"],
                headers={name.lower(): value for name, value in request["headers"].items()},
                body=(FOLDER / entry["body"]).read_bytes(),
                received_at=sent_at,
            ),
        )


def as_of(sample: Sample, now: datetime, public_url: str) -> Received:
    """The request with every time in its body moved to `now`, and addressed to `public_url`; not signed yet."""
    ahead = now - sample.sent_at
    body = ISO_TIME.sub(lambda found: _moved_iso(found[0], ahead), sample.request.body)
    body = MS_TIME.sub(lambda found: _moved_ms(found[0], ahead, sample.sent_at), body)
    path = sample.request.url.split("://", 1)[1].partition("/")[2]
    return replace(sample.request, url=f"{public_url}/{path}", body=body, received_at=now)


def _moved_iso(text: bytes, ahead: timedelta) -> bytes:
    moved = datetime.fromisoformat(text.decode()) + ahead
    return moved.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def _moved_ms(text: bytes, ahead: timedelta, sent_at: datetime) -> bytes:
    """Thirteen digits are a time only if they are near the sending; any other number stays."""
    number = int(text)
    is_time = abs(number / 1000 - sent_at.timestamp()) < timedelta(days=1).total_seconds()
    return str(number + int(ahead.total_seconds() * 1000)).encode() if is_time else text
