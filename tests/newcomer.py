"""Somebody who follows the README to the letter: writes its files, types its commands, looks at what they say."""

import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import requests

from bridge.demo import play
from bridge.programs import free_port
from tests.pages import Block


class Newcomer:
    """In a folder like the project's; only the ports are others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.sandbox_url = ""
        self.said = ""
        self.running: subprocess.Popen[bytes] | None = None
        (folder / ".venv").symlink_to(sys.prefix)
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ALVARIA_", "BRIDGE_"))}
        own.pop("DATABASE_URL", None)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environ = {**own, "PORT": self.url.rpartition(":")[2], "PATH": path}

    def follow(self, block: Block) -> None:
        match block.language:
            case "sh":
                for line in block.text.splitlines():
                    self.do(self.here(line))
            case "text":
                assert all(line.strip() in self.said for line in block.text.splitlines()), self.said
            case _:
                path = re.findall(r"`([\w/]+\.(?:yaml|json))`", block.before)[-1]
                (self.folder / path).write_text(block.text, "utf-8")

    def here(self, line: str) -> str:
        return line.replace("http://127.0.0.1:8080", self.url).replace("http://127.0.0.1:8090", self.sandbox_url)

    def do(self, line: str) -> None:
        match shlex.split(line):
            case ["source", *_]:
                assert (self.folder / ".venv" / "bin" / "bridge").exists()
            case ["curl", *arguments]:
                self.said = self.fetch(arguments)
            case ["bridge", "run", *arguments]:
                self.start(arguments)
            case _:
                bash = ["bash", "-euc", line]
                done = subprocess.run(
                    bash, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr
                self.said = done.stdout

    def fetch(self, arguments: list[str]) -> str:
        """What curl would get."""
        url = next(argument for argument in arguments if argument.startswith("http"))
        headers = dict(value.split(": ") for name, value in pairwise(arguments) if name == "-H")
        files = [argument[1:] for argument in arguments if argument.startswith("@")]
        data = (self.folder / files[0]).read_bytes() if files else None
        return requests.request("POST" if files else "GET", url, headers=headers, data=data, timeout=30).text

    def start(self, arguments: list[str]) -> None:
        log = self.folder / "run.log"
        with log.open("wb") as output:
            self.running = subprocess.Popen(
                ["bridge", "run", *arguments], cwd=self.folder, env=self.environ, stdout=output, stderr=output
            )
        play.wait_until(lambda: play.is_ready(f"{self.url}/readyz"), "the bridge is ready")
        self.sandbox_url = re.findall(r"SANDBOX.*(http://\S+)", log.read_text("utf-8"))[0]
        play.wait_until(lambda: play.is_ready(self.sandbox_url), "the sandbox answers")

    def stop(self) -> None:
        if self.running:
            self.running.terminate()
            assert self.running.wait(60) == 0
