"""Finds what a docstring means by a short name: `Result.write`, `api.fit` and `stages.prepare` as code reads them.

A name that is documented under `napari_trsmi` itself wins. What is private to a room, and so has no page, is set in
the type of code; a name that starts with ``napari_trsmi.`` must be there.
"""

from __future__ import annotations

from typing import Any

from docutils.nodes import Element, reference
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

PACKAGE = "napari_trsmi"


def find(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element) -> Element | None:
    """Return a link to the one documented thing whose full name ends so."""
    name = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not name:
        return None
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    last = name.rsplit(".", 1)[-1]
    ending = [one for one in objects if one == name or one.endswith(f".{name}")]
    for full in (f"{PACKAGE}.{name}", *sorted(ending, key=len), f"{PACKAGE}.{last}"):
        if full in objects:
            entry = objects[full]
            found: reference = make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, full)
            return found
    if node.get("reftype") == "obj" and not name.startswith(f"{PACKAGE}."):
        return content
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx."""
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True}
