"""Provisioning's operations that are more than a plain collection."""

from bridge.sandbox.state import Work

ACTIONS: dict[str, Work] = {}
