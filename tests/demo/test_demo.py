"""The demonstration, as a newcomer runs it; and the comparison that decides how it ends."""

import hashlib
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.demo import play
from bridge.demo.play import Arrived
from bridge.demo.samples import Sample, as_of, entries
from tests.words import NOON, SAMPLES

COOKIE = ("7", "crm.tier", "all", "", "gold")


def demo(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", "demo", "--once"], cwd=folder, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_demonstration_ends_well_and_shows_what_arrived(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything that was expected has arrived" in done.stdout
    assert re.search(r"Hot leads +90551203 +2125550123", done.stdout)
    assert "Inês Marques & Filhos" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_demonstration_does_not_care_for_settings_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALVARIA_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    (tmp_path / ".env").write_text("BRIDGE_MAPPINGS=/nowhere\nALVARIA_ORG_ID=real\n", "utf-8")
    assert demo(tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arrived", "difference"),
    [
        (Arrived(cookies=frozenset([COOKIE]), records=(("1", "a"),)), []),
        (Arrived(cookies=frozenset(), records=(("1", "a"),)), [("missing", "7 · crm.tier · all ·  · gold")]),
        (Arrived(cookies=frozenset([COOKIE]), records=()), [("missing", "1 · a")]),
        (Arrived(cookies=frozenset([COOKIE]), records=(("1", "a"), ("1", "a"))), [("unexpected", "1 · a")]),
        (
            Arrived(cookies=frozenset([(*COOKIE[:4], "silver")]), records=(("1", "a"),)),
            [("missing", "7 · crm.tier · all ·  · gold"), ("unexpected", "7 · crm.tier · all ·  · silver")],
        ),
    ],
)
def test_every_difference_is_shown(arrived: Arrived, difference: list[tuple[str, str]]) -> None:
    wanted = Arrived(cookies=frozenset([COOKIE]), records=(("1", "a"),))
    assert play.differences(arrived, wanted) == difference


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_sample_moved_in_time_differs_in_its_times_only(sample: Sample) -> None:
    day = timedelta(days=1)
    same = as_of(sample, NOON, "https://bridge.example.com")
    moved = as_of(as_copy(sample, as_of(sample, NOON + day, "https://bridge.example.com").body), NOON, "x")
    assert re.sub(rb"\d", b"", same.body) == re.sub(rb"\d", b"", moved.body)
    assert same.url == sample.request.url


def as_copy(sample: Sample, body: bytes) -> Sample:
    request = type(sample.request)(**{**vars(sample.request), "body": body})
    return Sample(**{**vars(sample), "request": request, "sent_at": NOON + timedelta(days=1)})


def test_the_index_tells_the_truth_about_the_bodies() -> None:
    for entry in entries():
        assert hashlib.sha256(SAMPLES[entry["body"]].request.body).hexdigest() == entry["body_sha256"]
