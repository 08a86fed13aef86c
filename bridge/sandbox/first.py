"""What a fresh sandbox holds: a small contact centre, in `seed/*.json` as `POST /_sandbox/seed` takes it."""

import json
from pathlib import Path

from bridge.sandbox.messages import Json

FOLDER = Path(__file__).parent / "seed"
SEED = [file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.json"))]


def first_objects() -> dict[str, dict[str, dict[str, Json]]]:
    """Read anew each time: whoever gets them may change them."""
    return {
        name: {str(one["id"]): one for one in objects} for text in SEED for name, objects in json.loads(text).items()
    }
