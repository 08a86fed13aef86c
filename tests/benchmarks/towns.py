"""A whole bridge and what it delivers to, as processes: two web processes, the worker, the sink, a database."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import posting
import processes
import psutil
from figures import say
from processes import HERE, SETTINGS_OF_AN_EVENT, Place

from bridge import programs
from bridge.db import Database
from bridge.demo.play import is_all_delivered

LOOK_EVERY_S = 0.1
BATCHES_TOGETHER = 200
"""So many are prepared before they are sent: a signature is good for five minutes."""
WARM_UP = 5


class Town:
    """Programs that are started as `bridge run` starts them, one by one, and end with the town."""

    def __init__(self, kind: str, folder: Path, place: Place) -> None:
        self.kind = kind
        self.folder = folder
        self.place = place
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.port = programs.free_port()
        self.sink_port = programs.free_port()
        self.environ = processes.environment(folder, place.url, f"http://127.0.0.1:{self.sink_port}")

    def build(self) -> None:
        """All but the worker."""
        processes.write_mappings(self.folder)
        (self.folder / "metrics").mkdir()
        database = Database(self.place.url)
        database.migrate()
        database.close()
        self._start("sink", [str(HERE / "sink.py"), str(self.sink_port)])
        self._start("web", programs.web(host="127.0.0.1", port=self.port, workers=2, metrics=Path()).arguments)
        processes.wait_for(self.sink_port, "/_sink/counted")
        processes.wait_for(self.port, "/readyz")

    def start_worker(self) -> None:
        self._start("worker", programs.worker(metrics=Path()).arguments)

    def _start(self, name: str, arguments: Any) -> None:
        self.programs[name] = processes.start(arguments, self.environ, self.folder)

    def end(self) -> None:
        for process in reversed(self.programs.values()):
            processes.end(process)

    def warm_up(self) -> None:
        """All have done once what they will be measured at."""
        self.begin()
        self.post("changes", WARM_UP)
        self.wait_for_settings(WARM_UP * posting.EVENTS_IN_A_BATCH * SETTINGS_OF_AN_EVENT, 60, "to warm up")
        self.wait_until_at_rest(60)

    def begin(self, **settings: Any) -> None:
        """The sink forgets what was, and goes on with these settings."""
        body = json.dumps(settings).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.sink_port}/_sink/begin", body).close()

    def ask(self, what: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.sink_port}/_sink/{what}") as answer:
            return json.load(answer)

    def post(self, kind: str, count: int) -> dict[str, Any]:
        """Send so many webhooks, all of which must be accepted; what the sender says of the last of them."""
        said: dict[str, Any] = {"own_cpu_s": 0.0}
        for first in range(0, count, BATCHES_TOGETHER):
            some = min(BATCHES_TOGETHER, count - first)
            program = [sys.executable, str(HERE / "posting.py"), str(self.port), kind, str(some)]
            latest = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
            if latest["accepted"] != some:
                self.give_up(f"{some - latest['accepted']} of {some} webhooks were answered with {latest['others']}")
            own_cpu_s = said["own_cpu_s"] + latest["own_cpu"] * latest["took_s"]
            said = {"began_at": latest["began_at"], **said, "own_cpu_s": own_cpu_s}
            said["ended_at"] = latest["began_at"] + latest["took_s"]
        return said

    def fill(self) -> dict[str, Any]:
        """As the worker does it, in a process of its own that sends nothing; what it says of it."""
        program = [sys.executable, str(HERE / "backlog.py")]
        done = subprocess.run(program, check=True, stdout=subprocess.PIPE, env=self.environ, cwd=self.folder)
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said

    def wait_for_settings(self, count: int, patience_s: float, what: str) -> dict[str, float]:
        """Until the sink has accepted so many; what it has counted."""
        deadline = time.monotonic() + patience_s
        while True:
            counted: dict[str, float] = self.ask("counted")
            say(f"{self.kind}, {what}: {counted['settings']:,} of {count:,} settings")
            if counted["settings"] >= count:
                return counted
            if time.monotonic() > deadline:
                self.give_up(f"only {counted['settings']:,} of {count:,} settings within {patience_s:g} s, {what}")
            self.check()
            time.sleep(LOOK_EVERY_S)

    def wait_until(self, moment: float, what: str) -> None:
        while (left_s := moment - time.monotonic()) > 0:
            say(f"{self.kind}, {what}: {left_s:.0f} s left")
            self.check()
            time.sleep(min(left_s, 0.5))

    def wait_until_at_rest(self, patience_s: float) -> None:
        """Until what was accepted is also written down, so that its cost is counted."""
        database = Database(self.place.url)
        deadline = time.monotonic() + patience_s
        while not is_all_delivered(database):
            if time.monotonic() > deadline:
                self.give_up(f"not all was written down within {patience_s:g} s")
            time.sleep(LOOK_EVERY_S)
        database.close()

    def check(self) -> None:
        """All programs are still there."""
        for name, process in self.programs.items():
            if process.poll() is not None:
                self.give_up(f"the program {name} has ended with {process.returncode}")

    def give_up(self, why: str) -> None:
        say("")
        last = (self.folder / "log").read_text("utf-8").splitlines()[-10:]
        sys.exit("\n".join([f"{self.kind}: {why}; the last that was said:", *last]))

    def cpu_s(self) -> dict[str, float]:
        """What each has used so far, with the processes that it has started."""
        roots = {name: process.pid for name, process in self.programs.items()}
        roots |= {"database": self.place.server} if self.place.server else {}
        return {name: sum(map(_used_s, _family(pid))) for name, pid in roots.items()}


def _family(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _used_s(process: psutil.Process) -> float:
    """Its own, and that of its children that have ended."""
    try:
        return sum(process.cpu_times()[:4])
    except psutil.NoSuchProcess:
        return 0.0


@contextmanager
def town(kind: str) -> Iterator[Town]:
    """Without a worker, on an empty database of this kind; all of it goes with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-town-")))
        say(f"{kind}: starts")
        made = Town(kind, folder, stack.enter_context(processes.DATABASES[kind](folder)))
        stack.callback(made.end)
        made.build()
        yield made
        say("")
