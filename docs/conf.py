"""How the pages are built: `sphinx-build -W docs docs/_build/html`."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "evalcore"
author = "The evalcore authors"
version = release = installed_version("evalcore-framework")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "evalcore_reference"]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"evalcore {version}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
napoleon_numpy_docstring = False
