from __future__ import annotations

import gzip
import json

import pytest


@pytest.fixture
def written(tmp_path):
    """Writes rows to a JSON Lines file, or a text as it is, and gives its path in a list."""

    def write(content, name="log.jsonl"):
        path = tmp_path / name
        if not isinstance(content, str):
            content = "".join(json.dumps(row) + "\n" for row in content)
        opened = gzip.open if name.endswith(".gz") else open
        with opened(path, "wt", encoding="utf-8", newline="") as file:
            file.write(content)
        return [path]

    return write
