"""Small JSON files under `LEADS_HOME`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object, empty when the file isn't there."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def write_private_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write whole or not at all, readable by the owner alone."""
    draft = path.with_suffix(".part")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_text(json.dumps(content, indent=2))
    draft.rename(path)
