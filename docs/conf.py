"""The documentation site: ``sphinx-build -W --keep-going -b html docs docs/_build``."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import napari_trsmi.script  # noqa: F401  # autodoc's own import pretends to check types, which pydantic does not survive

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# For the processes of the notebooks: small arrays are not worth threads, figures go into the page, and what is compiled
# is kept, because each of them imports torch.
os.environ.setdefault("OMP_NUM_THREADS", "1")
for unwanted in ("MPLBACKEND", "PYTHONDONTWRITEBYTECODE"):
    os.environ.pop(unwanted, None)

project = "napari-trsmi"
author = copyright = "napari-trsmi developers"
version = release = version_of("napari-trsmi")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "command_line",
    "docstrings",
    "outside",
    "short_names",
]
exclude_patterns = ["_build", "_ext", "jupyter_execute", ".jupyter_cache"]
nitpicky = True
nitpick_ignore_regex = [  # of other packages: their inventories would have to be fetched
    (
        r"py:.*",
        r"(np|numpy|pd|pandas|sparse|scipy|anndata|mudata|matplotlib|torch|collections|pathlib|typing|pydantic)\..*",
    ),
    (r"py:.*", r"(AnnData|MuData|ArrayLike|Figure|Client|Path|SupportsBytes|Any|Iterable|Mapping|Sequence|Callable)"),
    # Of literals, and type variables.
    (r"py:.*", r"(dict\[.*|Mapping\[.*|(.*\.)?(Kind|Kept|Method|Verdict|Fit|Spots|By|S|T|Generator|Pyramid))"),
    (r"py:.*", r"(.*\.)?(Sets|Where|Band|Labels|Axes|DomainTree|Accelerator)"),
]

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"  # in docs/.jupyter_cache: delete that after a change of the package
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 72
napoleon_google_docstring = False
napoleon_custom_sections = [("Attributes", "params_style"), "Shapes"]  # the former with several names in a line
napoleon_use_rtype = False
default_role = "py:obj"
suppress_warnings = ["ref.python"]  # two things of one name: the one of the same module is taken, else the first

html_theme = "sphinx_book_theme"
html_title = f"napari-trsmi {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "show_toc_level": 2,
    "home_page_in_toc": False,
    "use_download_button": False,
    "use_fullscreen_button": False,
}
linkcheck_ignore = [r"https?://.*"]  # what is checked is this site: anchors, pictures, cross-references
