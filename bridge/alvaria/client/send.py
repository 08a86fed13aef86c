"""Sends requests to the API with a token, and says what came back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from requests.auth import HTTPBasicAuth

from bridge import clock
from bridge.alvaria.answers import read_answer
from bridge.alvaria.check import check
from bridge.alvaria.client.exchange import NothingCame, Timeouts, exchange
from bridge.alvaria.client.locking import change
from bridge.alvaria.client.pages import walk
from bridge.alvaria.client.sessions import Bearer, Sessions
from bridge.alvaria.operations import Operation, operation
from bridge.alvaria.request import Request, build
from bridge.alvaria.tokens import Token, Tokens, read_token
from bridge.errors import Unreachable
from bridge.model import Answer, Json

SIGN_IN = "sign-in"
"""What errors call the request for a token."""
FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, kw_only=True)
class TokenReport:
    """What the token service gave us, without the token."""

    scopes: tuple[str, ...]
    """As the service names them; empty where it names none."""
    lifetime_s: float
    server_time: datetime | None
    took_s: float


@dataclass(kw_only=True, eq=False)
class Client:
    """The API as one organisation's application sees it; shared by all threads.

    Never sends a request again, but for one case: a 401 is answered with a new token, once.
    """

    base_url: str
    token_url: str
    org_id: str
    client_id: str
    client_secret: str
    api_key: str
    scopes: str
    """With blanks between them."""
    connect_timeout_s: float = 5
    read_timeout_s: float = 30
    total_timeout_s: float = 60
    now: Callable[[], datetime] = clock.now
    on_deprecated: Callable[[Operation], None] = lambda _: None
    """Told of each request to an operation that has a replacement."""
    _sessions: Sessions = field(default_factory=Sessions, init=False)
    _tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = Tokens(lambda: self._ask_for_token(self.scopes)[0], now=self.now)
        self._timeouts = Timeouts(
            connect_s=self.connect_timeout_s, read_s=self.read_timeout_s, total_s=self.total_timeout_s
        )

    def __repr__(self) -> str:
        return f"Client({self.host!r}, org_id={self.org_id!r})"

    @property
    def host(self) -> str:
        return host_of(self.base_url)

    @property
    def longest_send_s(self) -> float:
        """What `send` may take at most: request, token and request again. Nothing is sent after it."""
        return 4 * self.total_timeout_s

    def send(
        self, operation_id: str, params: Mapping[str, Json] | None = None, body: Json = None, *, checked: bool = False
    ) -> Answer:
        """What the API says, whatever that is.

        Unreachable where it says nothing; TokenRefused where the token service does not know us; BadRequest where
        parameters or body are not what the operation's contract allows. `checked` says that they were compared with
        it when they were made.
        """
        asked = operation(operation_id)
        request = self.request(operation_id, params, body, checked=checked)
        if asked.deprecated:
            self.on_deprecated(asked)
        token = self._tokens.get()
        answer = self._send(asked, request, token)
        if answer.status != 401:
            return answer
        # A token may be withdrawn before its time. Only a second refusal means that it is not the token.
        self._tokens.drop(token)
        return self._send(asked, request, self._tokens.get())

    def request(
        self, operation_id: str, params: Mapping[str, Json] | None = None, body: Json = None, *, checked: bool = False
    ) -> Request:
        """What `send` would send, but for host and credentials."""
        asked = operation(operation_id)
        given = {**(params or {}), "orgId": self.org_id}
        if not checked:
            check(asked, given, body)
        return build(asked, given, body)

    def pages(self, operation_id: str, params: Mapping[str, Json] | None = None) -> Iterator[Json]:
        """The items of a collection, from page to page. Raises as `send` does, and Refused."""
        return walk(self.send, self.host, operation(operation_id), params or {})

    def change(
        self,
        read_id: str,
        write_id: str,
        params: Mapping[str, Json],
        changed: Callable[[Json], Json],
        *,
        attempts: int = 3,
    ) -> Answer:
        """Read with one operation, write with the other what `changed` makes of it, unless another was faster.

        Then it is read anew; after so many attempts the last refusal is the answer. What reading gives and writing
        does not take is left out. Raises as `send` does, and Refused where it cannot be read.
        """
        return change(self.send, operation(read_id), operation(write_id), params, changed, attempts)

    def _send(self, asked: Operation, request: Request, token: Token) -> Answer:
        auth = Bearer(token.text, self.api_key)
        with self._sessions.kept() if asked.repeatable else self._sessions.fresh() as session:
            try:
                came = exchange(
                    session, request, base_url=self.base_url.rstrip("/"), auth=auth, timeouts=self._timeouts
                )
            except NothingCame as nothing:
                raise Unreachable(asked.id, self.host, nothing.cause, sent=nothing.sent) from None
        # Of a write the status is what matters, and it came. What was read is of no use with its end missing.
        if came.trouble and asked.method == "GET":
            raise Unreachable(asked.id, self.host, came.trouble, sent=True)
        return read_answer(came.status, came.headers, came.body, came.took_s)

    def _ask_for_token(self, scopes: str) -> tuple[Token, Answer]:
        """OAuth 2.0 client credentials, with the organisation as realm.

        Id and secret go into the Basic header as they are. RFC 6749 would have them form-encoded before, which few
        services expect, and which changes nothing for letters, digits and hyphens.
        """
        asked_at = self.now()
        form = {"grant_type": "client_credentials", "scope": scopes, "realm": self.org_id}
        request = Request(method="POST", target="", headers=FORM, body=urlencode(form).encode())
        auth = HTTPBasicAuth(self.client_id.encode(), self.client_secret.encode())
        host = host_of(self.token_url)
        with self._sessions.fresh() as session:
            try:
                came = exchange(session, request, base_url=self.token_url, auth=auth, timeouts=self._timeouts)
            except NothingCame as nothing:
                raise Unreachable(SIGN_IN, host, nothing.cause, sent=False) from None
        if trouble := came.trouble or _temporary(came.status):
            raise Unreachable(SIGN_IN, host, trouble, sent=False)
        answer = read_answer(came.status, came.headers, came.body, came.took_s)
        return read_token(answer, host, asked_at), answer

    def check(self, scopes: str | None = None) -> TokenReport:
        """Ask for a token, of all scopes or of these, and report; the one in use stays. Raises as `send` does."""
        token, answer = self._ask_for_token(self.scopes if scopes is None else scopes)
        return TokenReport(
            scopes=token.scopes,
            lifetime_s=(token.ends_at - token.fetched_at) / timedelta(seconds=1),
            server_time=_date(answer.headers.get("date")),
            took_s=answer.took_s,
        )

    def token_age_s(self) -> float | None:
        """None before the first token."""
        return self._tokens.age_s()

    def close(self) -> None:
        """Close all connections that wait for further use."""
        self._sessions.close()


def host_of(url: str) -> str:
    """Name and port, without a password that may stand before them."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _temporary(status: int) -> str:
    """Why the token service cannot answer now; empty where its answer is one."""
    return f"status {status}" if status >= 500 or status in (408, 425, 429) else ""


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
