"""Leads links to files outside docs/, which the pages have for whoever reads them in the repository, to their pages."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

PAGES = {
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
    "../benchmarks/README.md": "measuring.md",
}


def lead(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the targets in a page; any other outside docs/ fails the build."""
    for target, ours in PAGES.items():
        source[0] = source[0].replace(f"]({target})", f"]({ours})")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("source-read", lead)
    return {"parallel_read_safe": True}
