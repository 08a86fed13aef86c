"""Path -> the operations at it, by method. A fixed word goes before an id: jobs/export is no job."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.sandbox.operations import Operation

ANY = "{}"


@dataclass
class Step:
    """What follows a part of a path."""

    after: dict[str, "Step"] = field(default_factory=dict)
    here: dict[str, Operation] = field(default_factory=dict)


class Routes:
    def __init__(self, operations: Iterable[Operation]) -> None:
        self._first = Step()
        for operation in operations:
            step = self._first
            for name in operation.path.split("/"):
                step = step.after.setdefault(ANY if name.startswith("{") else name, Step())
            step.here[operation.method] = operation

    def at(self, path: str) -> Mapping[str, Operation]:
        """Empty where nothing is at the path."""
        return next(_found(self._first, path.split("/")), {})


def _found(step: Step, names: Sequence[str]) -> Iterator[Mapping[str, Operation]]:
    if not names:
        yield from [step.here] if step.here else []
        return
    name, *rest = names
    if name in step.after:
        yield from _found(step.after[name], rest)
    if name and ANY in step.after:
        yield from _found(step.after[ANY], rest)


def params(operation: Operation, path: str) -> dict[str, str]:
    """What stands in the path where its template has braces."""
    pairs = zip(operation.path.split("/"), path.split("/"), strict=True)
    return {name.strip("{}"): value for name, value in pairs if name.startswith("{")}
