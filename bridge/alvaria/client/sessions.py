"""Connections to the API: one session for each thread, and fresh ones for what must not be repeated."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from weakref import WeakSet

import requests
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from bridge import __version__
from bridge.alvaria.client.flight import WatchedAdapter

# urllib3 logs addresses, and those of this API name customers and dialogs.
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)


class Session(requests.Session):
    """Never retries, follows no redirect and keeps no cookie. Proxies are taken from the environment."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = f"context-bridge/{__version__}"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, WatchedAdapter(max_retries=0))

    def get_redirect_target(self, resp: Response) -> str | None:
        """None: a redirect is an answer. To follow it would carry our credentials to whom it names."""
        return None


class Bearer(AuthBase):
    """The credentials of an API request: Developer's Guide v3.0, Mandatory HTTP Headers.

    As requests' `auth`, since it would put the password that a .netrc has for this host in the place of a header.
    """

    def __init__(self, token: str, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "x-api-key": api_key}

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self._headers)
        return request


class Sessions:
    """The sessions of all threads."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._lock = threading.Lock()
        self._open: WeakSet[Session] = WeakSet()

    @contextmanager
    def kept(self) -> Iterator[Session]:
        """This thread's session, with connections that are kept alive."""
        session: Session | None = getattr(self._own, "session", None)
        if not session:
            session = self._own.session = Session()
            with self._lock:
                self._open.add(session)
        yield session

    @contextmanager
    def fresh(self) -> Iterator[Session]:
        """For this one request. A kept connection that the other side just closes would be a doubt for nothing."""
        with Session() as session:
            session.headers["Connection"] = "close"
            yield session

    def close(self) -> None:
        with self._lock:
            for session in self._open:
                session.close()
