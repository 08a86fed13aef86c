"""A running bridge takes a changed mapping without a restart: on SIGHUP, by --watch, on gunicorn's own HUP."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from bridge.demo import play
from bridge.programs import free_port
from bridge.sandbox.serve import Sandbox

MAPPING = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: [shop-key]}}
customer: "{{ event.record_id }}"
rules:
  - name: tier
    settings: [{key: crm.tier, content: GOLD}]
"""


@pytest.fixture
def folder(tmp_path: Path, migrated_url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("ALVARIA_", "BRIDGE_"))]:
        monkeypatch.delenv(name)
    environment = {"BRIDGE_SANDBOX": "1", "ALVARIA_BASE_URL": sandbox.url, "DATABASE_URL": migrated_url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yaml").write_text(MAPPING, "utf-8")
    return tmp_path


@contextmanager
def running(folder: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=folder, stdout=log, stderr=log)
    try:
        play.wait_until(lambda: play.is_ready(f"http://127.0.0.1:{port}/readyz"), "the bridge is ready")
        yield process
    finally:
        process.terminate()
        process.wait(60)


class Shop:
    """Sends orders, one after the other, and looks what becomes of the last."""

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox = sandbox
        self.orders = 0

    def post(self, source: str = "shop") -> int:
        self.orders += 1
        body = {"event": "order.paid", "id": f"evt-{self.orders}", "order": {"id": "7"}}
        headers = {"x-api-key": "shop-key"}
        return requests.post(f"{self.url}/webhooks/{source}", json=body, headers=headers, timeout=30).status_code

    def writes(self, content: str) -> bool:
        """Whether a new order's cookie says so, by the mapping that is at work."""
        assert self.post() == 200
        settings = requests.get(f"{self.sandbox.url}/_sandbox/settings", timeout=30).json()["settings"]
        return [one["content"] for one in settings] == [content]


@pytest.mark.parametrize("way", ["hangup", "watch"])
def test_a_changed_file_is_at_work_and_a_broken_one_changes_nothing(folder: Path, sandbox: Sandbox, way: str) -> None:
    port, file = free_port(), folder / "mappings" / "shop.yaml"
    shop = Shop(port, sandbox)
    options = ["--watch"] if way == "watch" else []

    def change(text: str) -> None:
        file.write_text(text, "utf-8")
        if way == "hangup":
            bridge.send_signal(signal.SIGHUP)

    with running(folder, port, "bridge", "run", "--port", str(port), *options) as bridge:
        play.wait_until(lambda: shop.writes("GOLD"), "the mapping is at work")
        change(MAPPING.replace("GOLD", "SILVER"))
        play.wait_until(lambda: shop.writes("SILVER"), "the changed one is")
        change("version: [")
        play.wait_until(lambda: bool(warnings(port)), "the broken file is told")
        play.wait_until(lambda: shop.writes("SILVER"), "the last good one is still at work")
        change(MAPPING.replace("GOLD", "BRONZE"))
        play.wait_until(lambda: shop.writes("BRONZE"), "the mended one is")
        assert warnings(port) == []


def warnings(port: int) -> list[str]:
    found: list[str] = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30).json()["warnings"]
    return found


def test_the_web_server_reads_the_folder_on_its_own_hup(folder: Path, sandbox: Sandbox) -> None:
    port = free_port()
    shop = Shop(port, sandbox)
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with running(folder, port, "gunicorn", "--config", "python:bridge.gunicorn", *bind) as web:
        assert shop.post("other") == 404
        (folder / "mappings" / "other.yaml").write_text(MAPPING.replace("name: shop", "name: other"), "utf-8")
        web.send_signal(signal.SIGHUP)
        play.wait_until(lambda: shop.post("other") == 200, "the new source is known")
