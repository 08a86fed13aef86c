"""The supervisor: what ends is started again, SIGTERM lets all finish, wrong settings stop everything."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from bridge.demo.play import wait_until
from bridge.supervise import Program, Supervisor
from bridge.worker import has_ended

STAYS = (
    "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
    "open(sys.argv[1], 'a').write('x'); signal.pause()"
)
ENDS = "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(int(sys.argv[2]))"


def program(code: str, *arguments: object) -> Program:
    return Program(name="test", arguments=["-c", code, *(str(argument) for argument in arguments)])


def watched(supervisor: Supervisor) -> tuple[threading.Thread, list[int]]:
    supervisor.start()
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.watch()))
    thread.start()
    return thread, codes


def starts(file: Path) -> int:
    return len(file.read_text()) if file.exists() else 0


@pytest.mark.parametrize("code", [0, 1, 3])
def test_what_ends_is_started_again(tmp_path: Path, code: int) -> None:
    file = tmp_path / "starts"
    supervisor = Supervisor([program(ENDS, file, code)], log_to=tmp_path / "log")
    thread, codes = watched(supervisor)
    wait_until(lambda: starts(file) >= 2, "it was started twice")
    supervisor.stop.set()
    thread.join()
    supervisor.end()
    assert codes == [0]


def test_what_is_killed_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "starts"
    supervisor = Supervisor([program(STAYS, file)], log_to=tmp_path / "log")

    def kill_and_see() -> None:
        wait_until(lambda: starts(file) == 1, "it runs")
        supervisor.running[0].process.kill()
        wait_until(lambda: starts(file) == 2, "it runs again")
        supervisor.stop.set()

    supervisor.start()
    watcher = threading.Thread(target=kill_and_see)
    watcher.start()
    # In this thread, as `bridge run` does: Linux tells a program of the end of the thread that started it.
    supervisor.watch()
    watcher.join()
    supervisor.end()
    assert supervisor.running[0].process.returncode == 0


def test_wrong_settings_stop_everything(tmp_path: Path) -> None:
    supervisor = Supervisor([program(STAYS, tmp_path / "a"), program(ENDS, tmp_path / "b", 2)], log_to=tmp_path / "log")
    thread, codes = watched(supervisor)
    thread.join(30)
    supervisor.end()
    assert codes == [2]
    assert all(one.process.returncode is not None for one in supervisor.running)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
def test_a_supervisor_that_is_killed_takes_its_programs_with_it(tmp_path: Path) -> None:
    code = (
        "import sys; from bridge.supervise import Program, Supervisor;"
        "s = Supervisor([Program(name='p', arguments=['-c', sys.argv[1], sys.argv[2]])]); s.start(); s.watch()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, STAYS, str(tmp_path / "starts")])
    wait_until(lambda: starts(tmp_path / "starts") == 1, "it runs")
    [child] = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    child.wait(30)
    assert not child.is_running()


def test_a_worker_of_this_host_is_known_to_have_ended() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    host = os.uname().nodename
    assert has_ended(f"{host}/{done.pid}/a")
    assert has_ended(f"{host}/{os.getpid()}/of-an-earlier-life")
    assert not has_ended(f"{host}/{os.getppid()}/a")
    assert not has_ended(f"elsewhere/{done.pid}/a")


RELOADS = (
    "import signal, sys; signal.signal(signal.SIGHUP, lambda *_: open(sys.argv[1], 'a').write('r'));"
    "open(sys.argv[1], 'a').write('x')\nwhile True: signal.pause()"
)
HANDS_ON = (
    "import sys; from bridge.supervise import Program, Supervisor;"
    "sys.exit(Supervisor([Program(name='a', arguments=['-c', sys.argv[1], sys.argv[2]], reloads=True),"
    " Program(name='b', arguments=['-c', sys.argv[3], sys.argv[4]])]).run())"
)


@pytest.fixture
def hands_on(tmp_path: Path) -> list[str]:
    """The command of a supervisor with a program that reloads, and one that would end of the signal."""
    paths = str(tmp_path / "reloads"), str(tmp_path / "stays")
    return [sys.executable, "-c", HANDS_ON, RELOADS, paths[0], STAYS, paths[1]]


def test_sighup_goes_to_the_programs_that_reload_and_ends_none(tmp_path: Path, hands_on: list[str]) -> None:
    parent = subprocess.Popen(hands_on, stdin=subprocess.DEVNULL)
    wait_until(lambda: starts(tmp_path / "reloads") == starts(tmp_path / "stays") == 1, "both run")
    for expected in ("xr", "xrr"):
        parent.send_signal(signal.SIGHUP)
        wait_until(lambda text=expected: (tmp_path / "reloads").read_text() == text, "it has reloaded")
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(30) == 0
    assert (tmp_path / "stays").read_text() == "x"


def test_a_terminal_that_is_closed_stops_it(tmp_path: Path, hands_on: list[str]) -> None:
    ours, theirs = os.openpty()
    parent = subprocess.Popen(hands_on, stdin=theirs)
    os.close(theirs)
    wait_until(lambda: starts(tmp_path / "reloads") == starts(tmp_path / "stays") == 1, "both run")
    os.close(ours)
    parent.send_signal(signal.SIGHUP)
    assert parent.wait(30) == 0


def test_signals_stop_it(tmp_path: Path) -> None:
    code = (
        "import sys; from bridge.supervise import Program, Supervisor;"
        "sys.exit(Supervisor([Program(name='p', arguments=['-c', sys.argv[1], sys.argv[2]])]).run())"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, STAYS, str(tmp_path / "starts")])
    wait_until(lambda: starts(tmp_path / "starts") == 1, "it runs")
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(30) == 0
