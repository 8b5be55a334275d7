"""The tutorials and how-to pages do what they say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pages import follow

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("[th]*/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=[f"{page.parent.name}/{page.stem}" for page in PAGES])
def test_page_does_what_it_says(page, environment, tmp_path):
    text = page.read_text(encoding="utf-8")
    if "evalcore-codecontests" in text:
        _need_the_judge()
    if "JDK" in text and not (shutil.which("javac") and shutil.which("g++")):
        pytest.skip("g++ or a JDK is missing")
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    assert follow(page, tmp_path, environment) > 0


def _need_the_judge() -> None:
    """Skip where programs cannot be judged."""
    reason = "evalcore-codecontests is missing"
    judge = pytest.importorskip("evalcore_codecontests.judge", reason=reason)
    try:
        judge.Judge().close()
    except judge.IsolationError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
