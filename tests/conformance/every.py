"""All cases of all operations, and what the documents promise."""

from tests.conformance.cases import Case, of_every_operation
from tests.conformance.documented import OPERATIONS
from tests.conformance.recipes import RECIPES

CASES = [*RECIPES, *of_every_operation()]
BY_OPERATION: dict[str, list[Case]] = {id_: [case for case in CASES if case.operation.id == id_] for id_ in OPERATIONS}
DOCUMENTED = {(id_, status) for id_, operation in OPERATIONS.items() for status in operation.responses}
