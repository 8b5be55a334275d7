from __future__ import annotations

import re
from pathlib import Path

from executed import executed

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def test_the_program_and_the_session_run():
    program, session = BLOCKS
    assert executed(program, "3 4 -5 8\n") == "-2\n"
    shown = executed(session, "")
    assert shown is not None
    assert shown.count("Example input:") == 3
