"""The presets that come along: each one YAML file with all parts of a source but its name and secrets."""

from functools import cache
from importlib.resources import files
from typing import Any

from bridge.documents import load


@cache
def preset_names() -> tuple[str, ...]:
    here = files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in here if file.name.endswith(".yaml")))


def preset_text(name: str) -> str:
    """The preset as a person reads it, with its comments: something to start from."""
    return (files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def preset_parts(name: str) -> dict[str, Any]:
    parts: dict[str, Any] = load(preset_text(name), f"preset {name}").data
    return parts
