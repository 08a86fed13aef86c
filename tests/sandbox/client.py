"""A client of the sandbox that knows its credentials, a clock that stands still, and the paths they meet at."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

COOKIES = "/via/v2/organizations/acme/customerexperience/contextCookies"
APPS = "/via/v2/organizations/acme/customerexperience/disposableApp"
CAMPAIGN = "/via/v2/organizations/acme/campaign"
CAMPAIGN_V3 = "/via/v3/organizations/acme/campaign"
PROVISIONING = "/via/v2/organizations/acme/provisioning"
LISTS = "/via/v2/organizations/acme/campaign/lists"
TOKEN = "/tokenservice/oauth2/access_token"
SECRET = "sandbox-secret"
EVERY_SCOPE = "customerexperienceapi outreachapi provisioningapi"


NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Got:
    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def text(self) -> str:
        return self.content.decode()


class Client:
    """Keeps one connection open, as the bridge does."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
        self.credentials: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Got:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, path, content, {**self.credentials, **kind, **named})
        response = self.connection.getresponse()
        return Got(status=response.status, headers=response.headers, content=response.read())

    def get(self, path: str, **headers: str) -> Got:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Got:
        return self.ask("POST", path, body, **headers)

    def put(self, path: str, body: Any = None) -> Got:
        return self.ask("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> Got:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Got:
        return self.ask("DELETE", path)

    def token(self, *, secret: str = SECRET, client: str = "me", **form: str) -> Got:
        fields = {"grant_type": "client_credentials", "scope": EVERY_SCOPE, "realm": "acme", **form}
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", TOKEN, urlencode(fields).encode(), Authorization=f"Basic {basic}", Content_Type=kind)

    def sign_in(self, scope: str = EVERY_SCOPE) -> None:
        token = self.token(scope=scope).json["access_token"]
        self.credentials = {"Authorization": f"Bearer {token}", "x-api-key": "sandbox-key"}

    def journal(self, operation: str = "") -> Any:
        return self.get(f"/_sandbox/requests{f'?operation={operation}' if operation else ''}").json["requests"]


def setting(**members: Any) -> dict[str, Any]:
    return {"customerId": "7", "key": "crm.tier", "content": "gold", "channel": "voice", **members}
