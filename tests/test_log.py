"""Log lines go where standard error is when they are written, and never name a person or a secret."""

import io
import json
import sys
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest

from bridge import log


def test_a_line_goes_to_the_standard_error_of_its_moment(capsys: pytest.CaptureFixture[str]) -> None:
    closed = io.StringIO()
    with redirect_stderr(closed):
        log.set_up("web", sandbox=True)
    closed.close()
    log.info("delivery.settled", delivery=7, verdict="retry")
    out, err = capsys.readouterr()
    assert out == ""
    line = json.loads(err)
    assert line.pop("timestamp")
    said = {"event": "delivery.settled", "level": "info", "delivery": 7, "verdict": "retry"}
    assert line == {**said, "process": "web", "sandbox": True}


def test_secrets_and_persons_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    log.warning("event.seen", customer="+12125550100", api_key="abc", source="shop")
    line = json.loads(capsys.readouterr().err)
    assert (line["customer"], line["api_key"], line["source"]) == ("•••", "•••", "shop")


def test_of_a_fault_only_its_kind_and_place_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("+12125550100 is no number")
    except ValueError as fault:
        log.error("fetch.failed", fault=fault)
    told = capsys.readouterr().err
    assert json.loads(told)["fault"] == "ValueError"
    assert "+1212" not in told


def test_a_line_that_finds_no_room_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full, the disk that is always full")
    full = Path("/dev/full").open("w", encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", full)
    log.warning("disk.full")
    monkeypatch.undo()
    with suppress(OSError):
        full.close()
