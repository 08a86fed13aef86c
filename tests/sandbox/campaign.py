"""Paths of Campaign, and objects put where the API itself has no way to make them."""

from typing import Any

from bridge.sandbox.serve import Sandbox

V2 = "/via/v2/organizations/acme/campaign"
V3 = "/via/v3/organizations/acme/campaign"


def put(sandbox: Sandbox, collection: str, *objects: dict[str, Any]) -> None:
    """These and no others."""
    sandbox.state.objects[f"campaign.{collection}"] = {str(one["id"]): one for one in objects}


def message(got: Any) -> str:
    return "; ".join(error["message"] for error in got.json["error"]["errors"])
