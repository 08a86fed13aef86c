"""The only door to the Alvaria network."""

from bridge.alvaria.client.send import Client, TokenReport

__all__ = ["Client", "TokenReport"]
