"""Keeps a few programs running: starts them, restarts what ends, hands SIGHUP on, lets them finish on SIGTERM."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bridge import log

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
STEADY_AFTER_S = 10.0
GRACE_S = 30.0
WRONG_SETTINGS = 2
PR_SET_PDEATHSIG = 1
STDIN = 0


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run; `arguments` follow the Python interpreter."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    orphan_signal: signal.Signals = signal.SIGTERM
    """What it gets when its supervisor is killed, so that it does not run on unseen. Linux only."""
    reloads: bool = False
    """Whether it knows what to do on SIGHUP; others would end."""


class Running:
    """One program while it is kept running."""

    def __init__(self, program: Program, output: IO[bytes] | None) -> None:
        self.program = program
        self.output = output
        self.pause_s = FIRST_PAUSE_S
        self.restart_at = 0.0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.started_at = time.monotonic()
        return subprocess.Popen(  # noqa: S603 (our own interpreter and modules)
            [sys.executable, *self.program.arguments],
            env={**os.environ, **self.program.environ},
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends its programs in order
            preexec_fn=self._end_with_parent,  # the supervisor has no threads of its own
        )

    def _end_with_parent(self) -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, self.program.orphan_signal)

    def keep(self) -> int | None:
        """Start it again if it has ended and its pause is over; the exit code when that has no sense."""
        code = self.process.poll()
        if code is None:
            return None
        if code == WRONG_SETTINGS:
            return code
        now = time.monotonic()
        if not self.restart_at:
            self._plan_restart(now, code)
        elif now >= self.restart_at:
            self.restart_at = 0.0
            self.process = self._start()
        return None

    def _plan_restart(self, now: float, code: int) -> None:
        if now - self.started_at > STEADY_AFTER_S:
            self.pause_s = FIRST_PAUSE_S
        self.restart_at = now + self.pause_s
        log.warning("program.ended", program=self.program.name, code=code, restart_in_s=self.pause_s)
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)

    def reload(self) -> None:
        if self.program.reloads and self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)

    def end(self, deadline: float) -> None:
        """SIGTERM, time to finish, then SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("program.killed", program=self.program.name)
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Runs programs until `stop` is set; the first to start is the last to end."""

    def __init__(self, programs: Sequence[Program], *, log_to: Path | None = None) -> None:
        self.programs = programs
        self.output = log_to.open("ab") if log_to else None
        self.running: list[Running] = []
        self.stop = threading.Event()
        self.has_terminal = os.isatty(STDIN)

    def start(self) -> None:
        self.running = [Running(program, self.output) for program in self.programs]

    def watch(self) -> int:
        """Keep all running; 0 after `stop`, or the exit code of a program that cannot run at all."""
        while not self.stop.wait(0.2):
            for one in self.running:
                if (code := one.keep()) is not None:
                    log.error("program.cannot_run", program=one.program.name, code=code)
                    return code
        return 0

    def end(self) -> None:
        deadline = time.monotonic() + GRACE_S
        for one in reversed(self.running):
            one.end(deadline)
        if self.output:
            self.output.close()

    def listen_to_signals(self) -> None:
        """SIGTERM and Ctrl-C stop it; on SIGHUP its programs reload."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self._on_hangup())

    def _on_hangup(self) -> None:
        # The same signal says that the terminal was closed; then nobody is there who could stop us.
        if self.has_terminal and not os.isatty(STDIN):
            self.stop.set()
            return
        for one in self.running:
            one.reload()

    def run(self) -> int:
        """Start, watch, end."""
        self.listen_to_signals()
        self.start()
        try:
            return self.watch()
        finally:
            self.end()
