"""What the vendor's documents differ in: rate limit category, scopes, the shape of errors, media types."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from bridge.sandbox.messages import Json, Refusal, Reply

JSON = "application/json"
XML = "application/xml"
TEXT_XML = "text/xml"


@dataclass(frozen=True, kw_only=True)
class Document:
    shape: Callable[[Refusal], Json]
    category: str | None = None
    """Whose rate limit its requests count for; None where they are not counted."""
    scopes: frozenset[str] = frozenset()
    """An access token needs one of these; none where no token is asked for."""
    media_types: tuple[str, ...] = (JSON,)
    """With more than one, `Accept` chooses and may be refused with 406."""

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(status=refusal.status, body=self.shape(refusal), headers=refusal.headers)


def bare(refusal: Refusal) -> Json:
    """Context Cookies API v2.0.0 and Disposable App API v2.0.0, ErrorResponse; 401 has no body."""
    if refusal.status == 401:
        return None
    title = "Validation exception" if refusal.status == 400 else HTTPStatus(refusal.status).phrase
    return {"code": refusal.status, "message": title, "errors": _errors(refusal)}


def wrapped(refusal: Refusal) -> Json:
    """Campaign API v2/v3, ErrorResponse; 401 has no body."""
    if refusal.status == 401:
        return None
    title = HTTPStatus(refusal.status).phrase
    return {"error": {"errors": _errors(refusal), "code": refusal.status, "message": title}}


def oauth(refusal: Refusal) -> Json:
    """RFC 6749, section 5.2."""
    return {"error": refusal.reason or "invalid_request", "error_description": "; ".join(refusal.messages)}


def sentence(refusal: Refusal) -> Json:
    return {"error": "; ".join(refusal.messages)}


def _errors(refusal: Refusal) -> Json:
    reason = "Invalid request" if refusal.status == 400 else HTTPStatus(refusal.status).phrase
    return [{"scope": "global", "reason": reason, "message": message} for message in refusal.messages]


CONTEXT_COOKIES = Document(
    shape=bare,
    category="customerexperience",
    scopes=frozenset({"customerexperienceapi", "customerexperienceapi.contextcookies"}),
    media_types=(JSON, XML, TEXT_XML),
)
DISPOSABLE_APP = Document(
    shape=bare,
    category="customerexperience",
    scopes=frozenset({"customerexperienceapi", "customerexperienceapi.disposableapp"}),
    media_types=(JSON, XML, TEXT_XML),
)
CAMPAIGN = Document(shape=wrapped, category="campaign", scopes=frozenset({"outreachapi"}))
TOKEN_SERVICE = Document(shape=oauth)
CONTROL = Document(shape=sentence)

STRANGE = Document(
    shape=wrapped, category="unknown", scopes=CONTEXT_COOKIES.scopes | DISPOSABLE_APP.scopes | CAMPAIGN.scopes
)

MANNERS = (
    ("/disposableApp/", DISPOSABLE_APP),
    ("/customerexperience/", CONTEXT_COOKIES),
    ("/campaign/", CAMPAIGN),
    ("/via/", STRANGE),
    ("", CONTROL),
)
"""Part of an unknown path -> the document in whose manner it is refused. The first that fits holds."""


def of_unknown(path: str) -> Document:
    return next(document for part, document in MANNERS if part in path)
