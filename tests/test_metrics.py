"""What is counted is true for all processes together, the ended ones too."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bridge import metrics, worker
from bridge.wiring import Bridge


def said(folder: Path, code: str) -> str:
    """What another process prints that counts into the same folder."""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", f"from bridge import metrics; {code}"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def test_a_silence_ends_although_the_worker_that_noticed_it_has_died(tmp_path: Path) -> None:
    for value in (1, 0):
        said(tmp_path, f"metrics.SILENT.labels('zoho').set({value})")
    assert 'bridge_source_silent{source="zoho"} 0.0' in said(tmp_path, "print(metrics.text().decode())")


def test_a_source_that_is_withdrawn_is_not_silent_any_more(bridge: Bridge) -> None:
    mapping = bridge.catalogue.mappings["generic"]
    expecting = replace(mapping, source=replace(mapping.source, expect_every=timedelta(hours=6)))
    for mappings, silent in (({"generic": expecting}, {"generic"}), ({}, set())):
        one = replace(bridge, catalogue=replace(bridge.catalogue, mappings=mappings))
        assert worker.listen(one, frozenset({"generic"})) == silent
        assert f'bridge_source_silent{{source="generic"}} {float(bool(silent))}' in metrics.text().decode()
