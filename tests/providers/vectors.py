"""The vectors that other implementations computed; the keys are for tests only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "data" / "payment-vectors"
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text())
