from __future__ import annotations

import re
import runpy
from pathlib import Path

import napari_trsmi

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_settings_is_up_to_date():
    page = runpy.run_path(str(DOCS / "parameters.py"))["page"]()
    written = (DOCS / "parameters.md").read_text(encoding="utf-8")
    assert written == page, "run python docs/parameters.py"


def test_every_public_name_stands_in_the_reference():
    page = (DOCS / "reference" / "api.rst").read_text(encoding="utf-8")
    named = re.findall(r"^\.\. (?:auto\w+|py:data):: (\w+)$", page, flags=re.MULTILINE)
    assert sorted(name for name in named if name != "napari_trsmi") == sorted(napari_trsmi.__all__)
