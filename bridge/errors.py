"""What can go wrong, by whose fault.

BridgeError
├── BadSettings      the operator's: environment, database, folder; lists every mistake
├── BadDocument      the mapping author's: a YAML file; lists every mistake with its line
├── ExpressionError  the mapping author's: an expression that failed on this event
├── LayoutError      the mapping author's: a value that does not fit into its field of a record
├── BadSignature     the sender's: a webhook that proves nothing
├── Unreadable       the sender's: a verified body that is not what its source says
├── NotReady         the operator's: a source whose secret is not set
├── DatabaseAway     the operator's: no database, or one that cannot write
├── UnknownName      the operator's: nothing is called so
├── BadRequest       the mapping author's: a request that cannot be made
├── NotFound         the mapping author's: a name that Alvaria does not have, or not as what it must be
├── TokenRefused     the operator's: the token service does not accept us
├── Refused          the API's: it would not give what had to be read; carries its answer
│   └── LookupFailed a name could not be looked up
└── Unreachable      the network's: no answer came; says whether the request may have been carried out
"""

from dataclasses import dataclass

from bridge.model import Answer


class BridgeError(Exception):
    """The root of all our errors. The text is for people and holds no secret and no person."""


class BadSettings(BridgeError):
    """The environment does not make a working bridge; `mistakes` has one sentence for each."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in one file, at a line, with what to do about it."""

    file: str
    line: int
    path: str
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return where + (f"{self.path}: {self.message}" if self.path else self.message)


class BadDocument(BridgeError):
    """A YAML file that cannot be used; `problems` has them all, by line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ExpressionError(BridgeError):
    """An expression could not be compiled, or failed on the values it was given."""


class LayoutError(BridgeError):
    """Values that cannot stand in a record of fixed width; names each field, its width and what to do."""


class BadSignature(BridgeError):
    """The request does not prove that it comes from its source. `reason` is one of a few fixed words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreadable(BridgeError):
    """The body, or one event in it, is not what the source's description says."""


class NotReady(BridgeError):
    """The source cannot verify anything yet, because a secret is not set."""


class DatabaseAway(BridgeError):
    """The database does not answer or cannot write; nothing of the transaction happened."""


class UnknownName(BridgeError):
    """A person names what is not there; the text says what there is."""


class BadRequest(BridgeError):
    """A request that cannot be made: an unknown operation, or parameters or a body that its contract does not allow.

    `problems` has a sentence for each reason.
    """

    def __init__(self, text: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.problems = problems or (text,)


class NotFound(BridgeError):
    """A name that a mapping uses and Alvaria does not know, or knows as something else."""


class TokenRefused(BridgeError):
    """The token service does not accept our credentials: a fault of the configuration. No API request was sent."""


class Refused(BridgeError):
    """Something had to be read before we could go on, and the API would not give it; `answer` is what it said."""

    what = "it was refused"

    def __init__(self, operation: str, answer: Answer) -> None:
        words = f": {answer.message}" if answer.message else ""
        super().__init__(f"{operation}: {self.what}, status {answer.status}{words}")
        self.operation = operation
        self.answer = answer


class LookupFailed(Refused):
    """A name could not be looked up. The request it was for was not sent."""

    what = "a name could not be looked up"


class Unreachable(BridgeError):
    """No answer came from the API.

    `sent` is False only when it is certain that no byte of the request left us: then even an operation that
    must not be repeated may be tried again.
    """

    def __init__(self, operation: str, host: str, cause: str, *, sent: bool) -> None:
        super().__init__(f"{operation}: no answer from {host} ({cause})")
        self.operation = operation
        self.cause = cause
        self.sent = sent
