"""SQLite's file is one host's at a time: its locks and its shared memory end where the kernel ends.

A file beside the database, and not a row in it, says whose it is: a second host must not even open it.
"""

import os
import platform
import secrets
import time
from contextlib import suppress
from pathlib import Path

from bridge.errors import BadSettings, DatabaseAway

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RENEW_EVERY_S = 3.0
OVER_AFTER_S = 15.0
"""A worker renews at least every five seconds: what is older than this has ended."""
LOOK_EVERY_S = 0.5


def this_host() -> str:
    """The running kernel: containers of one host share it whatever they are called, and it is new after a reboot."""
    with suppress(OSError):
        return f"{BOOT_ID.read_text('ascii').strip()} {platform.node()}"
    return f"{platform.node()} {platform.node()}"


class Hold:
    """One process's part in its host's hold of a SQLite file."""

    def __init__(self, database: Path, here: str) -> None:
        self.file = database.with_name(f"{database.name}-host")
        self.here = here
        self.renew_at = 0.0
        self.refusal: str | None = None
        """The other host, until the next look."""

    def wait(self) -> None:
        """Hold it, as soon as another host has ended; raise BadSettings where that one goes on."""
        patience = time.monotonic() + OVER_AFTER_S + RENEW_EVERY_S
        while True:
            try:
                return self.keep()
            except SecondHost as error:
                if time.monotonic() > patience:
                    raise BadSettings((f"DATABASE_URL: {error}",)) from None
            time.sleep(LOOK_EVERY_S)

    def keep(self) -> None:
        """Hold it, and go on holding it; raise DatabaseAway if another host does. Asks the disk now and then only."""
        now = time.monotonic()
        if now >= self.renew_at:
            self.refusal = self._renew()
            self.renew_at = now + (LOOK_EVERY_S if self.refusal else RENEW_EVERY_S)
        if self.refusal:
            raise SecondHost(self.refusal)

    def _renew(self) -> str | None:
        """The other host if there is one at work."""
        try:
            holder = self._holder()
            if not _is_same(holder, self.here):
                return self._take_from(holder)
            # A command of another user of this host may not, and need not: it holds nothing on its own.
            with suppress(PermissionError, FileNotFoundError):
                os.utime(self.file)
        except OSError as error:
            advice = "see that there is room, and that the bridge's user may write there"
            raise DatabaseAway(f"cannot write {self.file}: {error.strerror}; {advice}") from None
        return None

    def _holder(self) -> str:
        """Empty where nobody has held it yet."""
        try:
            return self.file.read_text("utf-8")
        except FileNotFoundError:
            return ""

    def _take_from(self, holder: str) -> str | None:
        """Of two hosts that come in one moment the last one gets it, and the other learns it when it renews."""
        fresh = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        try:
            fresh.write_text(self.here, "utf-8")
            # Both times are the file system's: the clocks of two hosts may differ.
            if holder and fresh.stat().st_mtime - self._renewed_at() < OVER_AFTER_S:
                return holder
            fresh.replace(self.file)
            return None
        finally:
            fresh.unlink(missing_ok=True)

    def _renewed_at(self) -> float:
        try:
            return self.file.stat().st_mtime
        except FileNotFoundError:
            return 0.0


class SecondHost(DatabaseAway):
    """Another host works with the file at this moment."""

    def __init__(self, holder: str) -> None:
        name = holder.partition(" ")[2]
        super().__init__(
            f"its SQLite file is in use by another host, {name}; SQLite is for the processes of one host: "
            "end the bridge there, or give both hosts one PostgreSQL"
        )


def _is_same(holder: str, here: str) -> bool:
    return holder.partition(" ")[0] == here.partition(" ")[0]
