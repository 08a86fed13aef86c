"""What comes over a real socket: whole requests are kept in any form, and of broken ones not a part."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.db import Database
from bridge.demo import play
from bridge.programs import free_port
from bridge.tables import events, webhooks
from tests.words import environment

LIMIT = 100_000
FORMS = {
    "name": "forms",
    "secrets": {"key": "a-key-for-tests"},
    "verify": {"static": {"secret": "key", "header": "X-Key"}},
    "read": {"format": "form"},
    "event": {"type": "{{ item.type }}", "record_id": "{{ item.contact.id }}", "dedup_key": "{{ item.id }}"},
    "limits": {"body_bytes": LIMIT},
}
BODY = b"type=update&contact[id]=7&contact[email]=ines%40example.com&id="


class Web:
    """A gunicorn of its own, with one source that reads forms, and the database behind it."""

    def __init__(self, port: int, database: Database) -> None:
        self.port = port
        self.database = database

    def send(self, head: bytes, body: bytes = b"", *, method: bytes = b"POST") -> tuple[int, str]:
        """The first answer's status, and all that came."""
        usual = b" /webhooks/forms HTTP/1.1\r\nHost: bridge\r\nX-Key: a-key-for-tests\r\nConnection: close\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as conn:
            conn.sendall(method + usual + head + b"\r\n" + body)
            conn.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: conn.recv(65536), b"")).decode()
        return int(answer.split()[1]), answer

    def kept(self) -> list[str]:
        with self.database.reading() as conn:
            return list(conn.execute(select(events.c.dedup_key).order_by(events.c.id)).scalars())

    def webhooks(self) -> int:
        with self.database.reading() as conn:
            return len(conn.execute(select(webhooks.c.id)).all())


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, with_tables: dict[str, str]) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("wire")
    shutil.copy(with_tables["sqlite"], folder / "bridge.db")
    (folder / "forms.yaml").write_text(json.dumps({"version": 1, "source": FORMS}), "utf-8")
    url, port = f"sqlite:///{folder}/bridge.db", free_port()
    known = {name: value for name, value in os.environ.items() if not name.startswith(("ALVARIA_", "BRIDGE_"))}
    environ = {**known, **environment("http://127.0.0.1:1", url), "BRIDGE_MAPPINGS": str(folder)}
    process = _started(folder, port, environ)
    database = Database(url)
    try:
        play.wait_until(lambda: play.is_ready(f"http://127.0.0.1:{port}/readyz"), "the web server is ready")
        yield Web(port, database)
    finally:
        database.close()
        process.terminate()
        process.wait(60)


def _started(folder: Path, port: int, environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    bind = ["--config", "python:bridge.gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "gunicorn", *bind], env=environ, stdout=log, stderr=log)


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


LENGTH = b"Content-Length: %d\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"

WHOLE = [
    ("length", LENGTH % (len(BODY) + 6), BODY + b"length"),
    ("chunks", CHUNKED, chunks(BODY, b"chunks") + END),
    ("waits", b"Expect: 100-continue\r\n" + LENGTH % (len(BODY) + 5), BODY + b"waits"),
    ("at-the-limit", LENGTH % LIMIT, (BODY + b"at-the-limit&more=").ljust(LIMIT, b"x")),
    ("chunks-at-the-limit", CHUNKED, chunks((BODY + b"chunks-at-the-limit&more=").ljust(LIMIT, b"x")) + END),
]


@pytest.mark.parametrize(("key", "head", "body"), WHOLE, ids=[name for name, *_ in WHOLE])
def test_a_whole_body_is_kept_however_it_is_sent(web: Web, key: str, head: bytes, body: bytes) -> None:
    _, answer = web.send(head, body)
    assert "200 OK" in answer or "202 ACCEPTED" in answer
    assert web.kept()[-1] == key


BROKEN = [
    ("it ended before its length", LENGTH % 500, BODY + b"half", 400),
    ("the last chunk is missing", CHUNKED, chunks(BODY + b"half"), 400),
    ("a chunk ended early", CHUNKED, b"500\r\n" + BODY, 400),
    ("a chunk's length is none", CHUNKED, b"zz\r\nabc\r\n" + END, 400),
    ("a chunk is longer than it says", CHUNKED, b"3\r\n" + BODY + b"\r\n" + END, 400),
    ("two lengths", LENGTH % 5 + LENGTH % 6, b"abcdef", 400),
    ("a length and chunks", LENGTH % 5 + CHUNKED, chunks(BODY) + END, 400),
    ("a length that is none", b"Content-Length: many\r\n", BODY, 400),
    ("one byte too many", LENGTH % (LIMIT + 1), BODY.ljust(LIMIT + 1, b"x"), 413),
    ("far too many", LENGTH % (30 * LIMIT), BODY.ljust(30 * LIMIT, b"x"), 413),
    ("one byte too many in chunks", CHUNKED, chunks(BODY.ljust(LIMIT, b"x"), b"x") + END, 413),
    ("far too many in chunks", CHUNKED, chunks(*[BODY.ljust(LIMIT, b"x")] * 30) + END, 413),
]


@pytest.mark.parametrize(("what", "head", "body", "status"), BROKEN, ids=[what for what, *_ in BROKEN])
def test_of_a_body_that_is_broken_or_too_large_nothing_is_kept(
    web: Web, what: str, head: bytes, body: bytes, status: int
) -> None:
    before = web.webhooks()
    assert web.send(head, body)[0] == status
    assert web.webhooks() == before


@pytest.mark.parametrize("header", [b"X-Key: a-key-for-tests\r\n", b"X-Key: another\r\n"])
def test_a_key_that_comes_twice_is_no_key(web: Web, header: bytes) -> None:
    assert web.send(header + LENGTH % len(BODY), BODY)[0] == 401


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"PATCH", b"DELETE", b"TRACE", b"BREW"])
def test_a_method_that_is_not_taken_is_told_which_are(web: Web, method: bytes) -> None:
    status, answer = web.send(LENGTH % 0, method=method)
    assert status == 405
    assert "POST" in next(line for line in answer.splitlines() if line.startswith("Allow:"))
