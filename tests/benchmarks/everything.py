"""Runs all benchmarks one after another, with sizes that end within some minutes, and merges what they say.

python tests/benchmarks/everything.py FILE [--long]   (--long: each script with its own sizes, which takes much longer)
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from figures import in_words

HERE = Path(__file__).parent
SHORT = {
    "mapping.py": [],
    "accept.py": ["--rounds", "3", "--webhooks", "1500"],
    "deliver.py": [
        *("--rounds", "1", "--events", "4000", "--seconds", "20", "--webhooks", "100"),
        *("--backlog", "6000", "--drain-s", "10"),
    ],
}
LONG: Mapping[str, Sequence[str]] = {"mapping.py": [], "accept.py": [], "deliver.py": []}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, help="where the figures go, as JSON")
    options.add_argument("--long", action="store_true")
    asked = options.parse_args()
    found: dict[str, Any] = {"machine": machine()}
    for script, sizes in (LONG if asked.long else SHORT).items():
        found |= said_by(script, sizes)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    asked.file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    sys.stdout.write(in_words(found))


def said_by(script: str, sizes: Sequence[str]) -> dict[str, Any]:
    program = [sys.executable, str(HERE / script), "--json", *sizes]
    said: dict[str, Any] = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
    return said


def machine() -> dict[str, Any]:
    """What the figures hang on; the load is what other programs did as the measuring began."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[0], 1),
    }


def processor() -> str:
    """Its name where the system tells one, else its kind."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text("utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
