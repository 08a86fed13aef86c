"""What waits as a whole: after «too many requests» or a refused token, no use in asking for the next one."""

from datetime import datetime

from bridge.alvaria.operations import OPERATIONS, operation
from bridge.errors import TokenRefused
from bridge.model import Answer, Retry, Verdict


class Holds:
    """Categories of operations and until when they wait; known to this worker only."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def note(self, operation_id: str, result: object, verdict: Verdict) -> None:
        """Hold the operation's category where the API asked us to wait, and all where it does not know us."""
        if not isinstance(verdict, Retry) or verdict.counts:
            return
        everything = isinstance(result, TokenRefused) or (isinstance(result, Answer) and result.status == 401)
        for category in _categories() if everything else {operation(operation_id).category}:
            self._until[category] = max(verdict.at, self._until.get(category, verdict.at))

    def held(self, now: datetime) -> frozenset[str]:
        """The operations that wait at this moment."""
        categories = {category for category, until in self._until.items() if until > now}
        return frozenset(known.id for known in OPERATIONS.values() if known.category in categories)


def _categories() -> set[str]:
    return {known.category for known in OPERATIONS.values()}
