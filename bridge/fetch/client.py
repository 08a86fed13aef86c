"""The door to the CRMs: one request with a source's credentials, to the host that its mapping names."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from requests import PreparedRequest
from requests.auth import AuthBase

from bridge import clock, log
from bridge.alvaria.client.exchange import Came, NothingCame, Timeouts, exchange
from bridge.alvaria.client.sessions import Sessions
from bridge.alvaria.request import Request
from bridge.alvaria.tokens import Token, Tokens, read_token
from bridge.errors import Unreachable, Unreadable
from bridge.model import Answer, Json
from bridge.sources.fetch import FetchPlan, Key, OAuth
from bridge.sources.json_body import parse_json
from bridge.sources.source import Source

TIMEOUTS = Timeouts(connect_s=5, read_s=20, total_s=30)
JSON = {"Accept": "application/json"}
WITH_BODY = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HINT = "check the secrets that fetch.auth.oauth2 names, and its token_url"


class Headers(AuthBase):
    """Credentials as requests' `auth`, since it would put the password of a .netrc in the place of a header."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self._headers)
        return request


@dataclass(kw_only=True, eq=False)
class Door:
    """A CRM as one source may read it.

    Follows no redirect and repeats nothing, but for one case: a 401 is answered with a new token, once, or with the
    secret's other values.
    """

    source: Source
    plan: FetchPlan
    timeouts: Timeouts = TIMEOUTS
    _sessions: Sessions = field(default_factory=Sessions, init=False)
    _tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        match self.plan.auth:
            case OAuth() as auth:
                self._tokens = Tokens(lambda: self._ask_for_token(auth), now=clock.now)

    def __repr__(self) -> str:
        return f"Door({self.source.name!r}, {self.plan.url.host!r})"

    @property
    def longest_s(self) -> float:
        """What one question may take at most: token and request, and both again."""
        return 4 * self.timeouts.total_s

    def get(self, url: str) -> Answer:
        """Raises Unreachable where nothing comes, TokenRefused or NotReady where we have nothing to show."""
        return self._send(url, Request(method="GET", target="", headers=JSON, body=None), self.plan.url.host)

    def post(self, url: str, body: Json, host: str) -> Answer:
        """As `get`."""
        written = json.dumps(body).encode()
        return self._send(url, Request(method="POST", target="", headers=JSON | WITH_BODY, body=written), host)

    def _send(self, url: str, request: Request, host: str) -> Answer:
        answer = Answer(status=401)
        for credentials in self._credentials():
            answer = self._exchange(url, request, {**self.plan.headers, **credentials}, host)
            if answer.status != 401:
                break
        return answer

    def _credentials(self) -> Iterator[dict[str, str]]:
        """The next ones are asked for only where those before were refused."""
        match self.plan.auth:
            case Key(header=header, secret=secret, scheme=scheme):
                for value in self.source.values_of(secret):
                    yield {header: f"{scheme} {value}".strip()}
            case OAuth(scheme=scheme):
                token = self._tokens.get()
                yield {"Authorization": f"{scheme} {token.text}"}
                # A token may be withdrawn before its time. Only a second refusal means that it is not the token.
                self._tokens.drop(token)
                yield {"Authorization": f"{scheme} {self._tokens.get().text}"}

    def _exchange(self, url: str, request: Request, headers: Mapping[str, str], host: str) -> Answer:
        with self._sessions.kept() as session:
            try:
                came = exchange(session, request, base_url=url, auth=Headers(headers), timeouts=self.timeouts)
            except NothingCame as nothing:
                raise Unreachable(f"{self.source.name}: fetch", host, nothing.cause, sent=nothing.sent) from None
        if came.trouble:
            raise Unreachable(f"{self.source.name}: fetch", host, came.trouble, sent=True)
        return _answer(came)

    def _ask_for_token(self, auth: OAuth) -> Token:
        """RFC 6749, 4.4 and 6. Id and secret go into the form, which CRMs' token services take."""
        asked_at = clock.now()
        form = self._form(auth)
        request = Request(method="POST", target="", headers=JSON | FORM, body=urlencode(form).encode())
        host = auth.token_url.host
        answer = self._exchange(auth.token_url({}), request, {}, host)
        if answer.status >= 500 or answer.status in (408, 425, 429):
            raise Unreachable(f"{self.source.name}: sign-in", host, f"status {answer.status}", sent=False)
        token = read_token(answer, host, asked_at, hint=HINT)
        if answer.body.get("refresh_token", form.get("refresh_token")) != form.get("refresh_token"):
            log.warning("fetch.refresh_token_replaced", source=self.source.name)
        return token

    def _form(self, auth: OAuth) -> dict[str, str]:
        named = {"client_id": auth.client_id, "client_secret": auth.client_secret, "refresh_token": auth.refresh_token}
        secrets = {word: self.source.values_of(name)[0] for word, name in named.items() if name}
        grant = "refresh_token" if auth.refresh_token else "client_credentials"
        return {"grant_type": grant, **secrets, **({"scope": auth.scope} if auth.scope else {})}

    def close(self) -> None:
        self._sessions.close()


def _answer(came: Came) -> Answer:
    """With a body where it is JSON; anything else is of no use here."""
    body: Json = None
    with suppress(Unreadable, RecursionError):
        body = parse_json(came.body)
    headers = {name.lower(): value for name, value in came.headers.items() if name.lower() != "set-cookie"}
    return Answer(status=came.status, headers=headers, body=body, took_s=came.took_s)
