"""What the vendor's documents differ in: rate limit category, scopes, the shape of errors, media types."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

from bridge.sandbox.engine.contracts import Contract, Described
from bridge.sandbox.messages import Json, Refusal, Reply

JSON = "application/json"

Shape: TypeAlias = Callable[[Refusal], Json]


@dataclass(frozen=True, kw_only=True)
class Document:
    shape: Shape
    category: str | None = None
    """Whose rate limit its requests count for; None where they are not counted."""
    scopes: frozenset[str] = frozenset()
    """An access token needs one of these; none where no token is asked for."""
    media_types: tuple[str, ...] = (JSON,)
    """With more than one, `Accept` chooses and may be refused with 406."""

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(status=refusal.status, body=self.shape(refusal), headers=refusal.headers)


def bare(refusal: Refusal) -> Json:
    """Context Cookies API v2.0.0, ErrorResponse."""
    title = "Validation exception" if refusal.status == 400 else HTTPStatus(refusal.status).phrase
    return {"code": refusal.status, "message": title, "errors": _errors(refusal)}


def wrapped(refusal: Refusal) -> Json:
    """Campaign API v2/v3, ErrorResponse."""
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


def nothing(refusal: Refusal) -> Json:
    return None


def shape_of(schema: Json) -> Shape:
    """The shape of errors that a schema describes."""
    if schema is None:
        return nothing
    return wrapped if "error" in schema["properties"] else bare


def shaped(refusal: Refusal, known: dict[int, Shape], usual: Shape) -> Json:
    """As the contract has it for the status; in its usual shape where it does not have the status. 401 has no body."""
    return known.get(refusal.status, nothing if refusal.status == 401 else usual)(refusal)


def usual_shape(errors: Iterable[Json], otherwise: Shape) -> Shape:
    """That of most errors with a body."""
    shapes = Counter(shape_of(schema) for schema in errors if schema)
    return shapes.most_common(1)[0][0] if shapes else otherwise


def of_operation(operation: Described, contract: Contract) -> Document:
    known = {status: shape_of(schema) for status, schema in operation.errors.items()}
    usual = usual_shape(operation.errors.values(), _usual(contract))
    return Document(
        shape=partial(shaped, known=known, usual=usual),
        category=operation.category,
        scopes=operation.scopes,
        media_types=operation.media_types,
    )


def _usual(contract: Contract) -> Shape:
    return usual_shape((schema for each in contract.operations for schema in each.errors.values()), wrapped)


TOKEN_SERVICE = Document(shape=oauth)
CONTROL = Document(shape=sentence)


@dataclass(frozen=True)
class Strangers:
    """In whose manner an unknown path is refused: the document whose paths it resembles most."""

    places: Sequence[tuple[str, Document]]

    def document(self, path: str) -> Document:
        return next(document for place, document in self.places if place in path)


def strangers(contracts: Sequence[Contract]) -> Strangers:
    every = frozenset(scope for contract in contracts for each in contract.operations for scope in each.scopes)
    own = [(contract.place, of_operation(contract.operations[0], contract)) for contract in contracts]
    families = [("/" + place.split("/")[1] + "/", document) for place, document in own]
    unknown = Document(shape=partial(shaped, known={}, usual=wrapped), category="unknown", scopes=every)
    return Strangers([*own, *families, ("/via/", unknown), ("", CONTROL)])
