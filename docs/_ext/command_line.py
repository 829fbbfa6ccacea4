"""Puts what ``trsmi COMMAND --help`` prints into the page that says ``<!-- every command -->``."""

from __future__ import annotations

import contextlib
import io
import os
import re
import textwrap
from typing import Any

from sphinx.application import Sphinx

MARK = "<!-- every command -->"
WIDTH = 88


def shown(*words: str) -> str:
    """Return what ``trsmi`` prints after these words."""
    from napari_trsmi.cli import main

    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = main(list(words))
    if code:
        raise RuntimeError(f"trsmi {' '.join(words)} ended with code {code}")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue()).rstrip().splitlines()
    return "\n".join(textwrap.fill(line, WIDTH) if len(line) > WIDTH else line for line in lines)


def commands() -> list[str]:
    """Return the names of all commands."""
    found = re.search(r"[{]([a-z,\s]+)[}]", shown("--help"))  # so many that they take two lines
    assert found is not None
    return re.sub(r"\s", "", found.group(1)).split(",")


def sections() -> str:
    """Return the help of every command, as sections in Markdown."""
    return "\n\n".join(
        f"(command-{name})=\n\n## trsmi {name}\n\n```text\n{shown(name, '--help')}\n```" for name in commands()
    )


def put_in(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the mark in a page."""
    if MARK in source[0]:
        source[0] = source[0].replace(MARK, sections())


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("source-read", put_in)
    return {"parallel_read_safe": True}
