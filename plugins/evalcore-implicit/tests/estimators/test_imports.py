import subprocess
import sys

import pytest

NAMED = ["feedforward", "garch", "implicit", "last_value", "ridge", "sequences", "trees"]


@pytest.mark.parametrize("heavy", ["torch", "sklearn"])
def test_what_a_spec_names_is_imported_without_what_it_is_fitted_with(heavy):
    imports = "; ".join(f"import evalcore_implicit.estimators.{name}" for name in NAMED)
    found = subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; print({heavy!r} in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "False"
