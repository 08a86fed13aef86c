"""bridge check: every mistake of every mapping, then the mappings' own tests."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from bridge import settings
from bridge.cli import show
from bridge.errors import Problem
from bridge.mappings import catalogue, trial
from bridge.mappings.catalogue import Catalogue


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@show.as_json
def command(paths: Sequence[Path], json_wanted: bool) -> None:
    """Read mappings and list every mistake with its file, line and remedy; then run the mappings' own tests.

    \b
    PATHS are files or folders; without them it is BRIDGE_MAPPINGS, or ./mappings. Exit code 0 only if all hold.
    Examples:
      bridge check
      bridge check mappings/hubspot.yaml --json
    """
    read = settings.load(needs_alvaria=False)
    found = catalogue.check(paths or [read.mappings], env=read.environ, limits=read.limits)
    failed = [problem for mapping in found.mappings.values() for problem in trial.run(mapping, limits=read.limits)]
    problems = [*found.problems, *failed]
    has_failed = any(problem.severity == "error" for problem in problems)
    if json_wanted:
        show.as_program_reads([asdict(problem) for problem in problems])
    else:
        _show(problems, found)
    sys.exit(1 if has_failed else 0)


def _show(problems: Sequence[Problem], found: Catalogue) -> None:
    out = show.console()
    for problem in problems:
        out.print(show.state(f"{problem.severity:<8}"), show.plain(str(problem)))
    tests = sum(len(mapping.tests) for mapping in found.mappings.values())
    files = ", ".join(sorted(found.mappings)) or "none"
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    out.print(f"mappings read: {files}; tests run: {tests}; errors: {errors}; warnings: {warnings}")
