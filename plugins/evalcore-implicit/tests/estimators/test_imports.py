import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOM = Path(find_spec("evalcore_implicit.estimators").origin).parent


@pytest.mark.parametrize("heavy", ["torch", "sklearn"])
def test_what_a_spec_names_is_imported_without_what_it_is_fitted_with(heavy):
    names = {path.stem for path in ROOM.glob("*.py")} - {"fitting", "training"}
    imports = "; ".join(f"import evalcore_implicit.estimators.{name}" for name in sorted(names))
    found = subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; print({heavy!r} in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "False"
