"""What was written outlives the program in one JSON file; tokens, faults and the journal do not.

A change is on disk at most a second later, and always when the sandbox is stopped in order.
"""

import json
import os
import sys
from pathlib import Path
from threading import Event

from bridge.sandbox import bounds, sow
from bridge.sandbox.members import Member, anything, load, number, read
from bridge.sandbox.messages import Json, Refusal
from bridge.sandbox.state import FIRST_NUMBER, State

SAVE_EVERY_S = 0.5


def by_id(name: str, value: Json) -> Json:
    """Objects by collection and id."""
    shelves = value.values() if isinstance(value, dict) else [value]
    if not all(isinstance(shelf, dict) and all(isinstance(one, dict) for one in shelf.values()) for shelf in shelves):
        raise ValueError(f"{name} must be objects by collection and id")
    return value


FILE = {
    "limits": Member(check=anything),
    "rateLimit": Member(check=anything),
    "collections": Member(check=anything),
    "objects": Member(check=by_id, default=None),
    "lastNumber": Member(check=number(whole=True), default=FIRST_NUMBER),
}


class BadData(Exception):
    """The data file cannot be used; the text says what to do."""


class Keeper:
    """Keeps one state in one file. `keep` runs in a thread of its own until `stop`."""

    def __init__(self, state: State, path: Path) -> None:
        self.state = state
        self.path = path
        self._stopping = Event()
        self._saved = -1

    def start(self) -> None:
        """Take over what the file has, and find out at once whether it can be written."""
        try:
            if self.path.exists():
                restore(self.state, self.path.read_bytes())
            self.save()
        except OSError as error:
            raise BadData(f"{self.path}: {error.strerror}: choose a file that can be read and written") from None
        except (ValueError, Refusal) as error:
            remedy = "mend it, or move it away to begin anew"
            raise BadData(f"{self.path} is not a data file of the sandbox ({error}): {remedy}") from None

    def keep(self) -> None:
        while not self._stopping.wait(SAVE_EVERY_S):
            try:
                self.save()
            except OSError as error:
                sys.stderr.write(f"sandbox: {self.path} was not written: {error.strerror}; trying again\n")

    def stop(self) -> None:
        self._stopping.set()
        self.save()

    def save(self) -> None:
        """Write the file in one step, if anything changed since the last time."""
        with self.state.lock:
            if self._saved == self.state.changes:
                return
            changes, text = self.state.changes, dumped(self.state)
        replace_file(self.path, text)
        self._saved = changes


def dumped(state: State) -> str:
    content = {
        "limits": bounds.limits_object(state),
        "rateLimit": bounds.rate_limit_object(state),
        "collections": sow.dump(state),
        "objects": state.objects,
        "lastNumber": state.last_number,
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def restore(state: State, raw: bytes) -> None:
    content = read(load(raw), FILE)
    bounds.set_limits(state, content["limits"])
    bounds.set_rate_limit(state, content["rateLimit"])
    if content["objects"] is not None:
        state.objects = content["objects"]
    state.last_number = content["lastNumber"]
    sow.sow(state, content["collections"])


def replace_file(path: Path, text: str) -> None:
    """The old content or the new one, never half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
