"""What must be written down is written down, as soon as there is a database again."""

import threading
from collections.abc import Callable
from typing import TypeVar

from bridge import log
from bridge.errors import DatabaseAway

AWAY_S = 1.0

Done = TypeVar("Done")


def patiently(stop: threading.Event, write: Callable[[], Done]) -> Done:
    """Try again while the database is away; DatabaseAway only where it still is when `stop` is set.

    Whoever gave up earlier would leave behind what nobody else takes up: a claim holds as long as its worker lives.
    It may have been committed although its end was not heard: what is written must bear to be written twice.
    """
    while True:
        try:
            return write()
        except DatabaseAway as error:
            if stop.is_set():
                raise
            log.warning("database.away", reason=str(error))
            stop.wait(AWAY_S)
