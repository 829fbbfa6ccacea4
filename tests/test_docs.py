from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_settings_is_up_to_date():
    page = runpy.run_path(str(DOCS / "parameters.py"))["page"]()
    written = (DOCS / "parameters.md").read_text(encoding="utf-8")
    assert written == page, "run python docs/parameters.py"
