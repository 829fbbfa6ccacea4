"""How edits of the result, of the settings and of wishes are undone: no window, no Qt.

A deed on the result does not hold the result: it remembers which run was shown and what a person said of it. What
became known of the run since, such as its support, stays; and a run that a person deletes leaves memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from napari_trsmi.gui.form.labels import label
from napari_trsmi.gui.form.spec import get, sections
from napari_trsmi.gui.session.deeds import Deed
from napari_trsmi.plural import many
from napari_trsmi.reviews import NEW_DOMAINS, REVIEW, reviewed

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Config
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Runs
    from napari_trsmi.gui.session.state import OpenSection

GONE = "The run before was deleted, so this cannot be undone."
_PLACE = ["domain_a", "domain_b", "n_edges", "x", "y"]  # by which a boundary is found again
_SAYS = {"keep": "keeping", "doubt": "doubting", "reject": "rejecting", "": "clearing"}


@dataclass(frozen=True, eq=False)
class Point:
    """Where undo leads: the run that was shown, and what a person had said of it.

    Attributes
    ----------
    run
        Its number in the list of runs.
    names, colors
        Of its domains; empty where they had none of their own.
    review
        Places of its boundaries with the columns `REVIEW`; without those where there was none yet.
    edits
        ``provenance["edits"]``.
    """

    run: int
    names: tuple[str, ...]
    colors: tuple[str, ...]
    review: pd.DataFrame | None
    edits: tuple[dict[str, Any], ...]


def point_of(runs: Runs, result: Result | None) -> Point | None:
    """Return where a result in the list of runs stands, or None."""
    entry = runs.entry_of(result)
    if entry is None or result is None:
        return None
    table = result.boundaries
    if table is not None:
        table = table[[*_PLACE, *(key for key in REVIEW if key in table)]]
    return Point(entry.number, result.domain_names, result.colors, table, tuple(result.provenance.get("edits", ())))


@contextmanager
def edited(session: Any, result: Result, section: OpenSection | None = None) -> Iterator[None]:
    """Make a deed of taking `result` in place of the one before, which is done meanwhile.

    It is undone where it was done: in `section`, the active one where not given, once that is active again.
    """
    section = session.section if section is None else section
    assert section is not None
    runs, earlier = section.runs, section.result
    name = "" if earlier is None else result_name(runs, earlier, result)
    before = point_of(runs, earlier)
    yield
    after = point_of(runs, result)
    if name and before is not None and after is not None:
        session.deeds.add(Deed(name, lambda: _go(session, before), lambda: _go(session, after)), section)


def replace_result(session: Any, section: OpenSection, result: Result) -> None:
    """Give a section, which may not be the active one, another result."""
    if section is session.section:
        return session.replace_result(result)
    with edited(session, result, section):
        section.result, section.path = result, None
        section.runs.take(result)


def carry_reviews(session: Any, section: OpenSection) -> None:
    """Carry what was said of boundaries in other runs of a section to the same ones of its result, which is new."""
    before = section.result
    if before is not None and (result := section.runs.with_reviews(before)) is not before:
        replace_result(session, section, result)
        assert result.boundaries is not None
        origin = result.boundaries["carried_from"]
        n, names = int((origin != "").sum()), " and ".join(dict.fromkeys(origin[origin != ""]))
        what = "verdict or note was" if n == 1 else "verdicts and notes were"
        session.told.emit(f"{n} {what} carried over from {names}, to boundaries that are the same.")


def _go(session: Any, point: Point) -> None:
    section = session.section
    entry = None if section is None else next((one for one in section.runs if one.number == point.run), None)
    if section is None or entry is None:
        session.failed.emit(GONE)
        return
    known = entry.result
    same = point_of(section.runs, known)
    assert same is not None
    kept = (same.names, same.colors, same.edits) == (point.names, point.colors, point.edits)
    if known.partition is not (None if session.result is None else session.result.partition):
        session.set_hidden(frozenset())  # numbers mean other domains
    session.set_result(known if kept else said_again(known, point), entry.path if kept else None)


def said_again(result: Result, point: Point) -> Result:
    """Return the result of a run with what a person had said of it at some point, and all that is known of it."""
    provenance = {key: value for key, value in result.provenance.items() if key != "edits"}
    if point.edits:
        provenance["edits"] = list(point.edits)
    table = result.boundaries
    if table is not None:
        table = table.drop(columns=[key for key in REVIEW if key in table])
        table = reviewed(table, point.review, None)
    return replace(result, domain_names=point.names, colors=point.colors, boundaries=table, provenance=provenance)


def result_name(runs: Runs, before: Result, after: Result) -> str:
    """Return what the way from one result to the other is called; "" where a person did nothing."""
    had, has = (list(one.provenance.get("edits", ())) for one in (before, after))
    if before.partition is after.partition:
        return "" if had == has or not has else _edit_name(has[-1], before, after)
    if (entry := runs.entry_of(after)) is not None:
        return f"showing {entry.name}"
    if has and len(has) == len(had) + 1 and has[-1]["edit"] in NEW_DOMAINS:
        return _edit_name(has[-1], before, after)
    if "kept_preview" in after.provenance:
        return f"keeping epoch {after.provenance['kept_preview']}"
    return "training on" if after.config.train.extra_epochs > before.config.train.extra_epochs else "new domains"


def _edit_name(edit: dict[str, Any], before: Result, after: Result) -> str:
    kind = edit["edit"]
    if kind == "rename":
        return f"renaming of {edit['domain']} to {edit['name']}"
    if kind == "recolor":
        return f"colour of {edit['domain']}"
    if kind == "merge":
        into = next((name for name in edit["domains"] if name in after.names), "one")
        return f"merge of {' and '.join(name for name in edit['domains'] if name != into)} into {into}"
    if kind == "review" and edit.get("carried_from"):
        return "verdicts carried over"
    if kind == "review":
        return _review_name(edit, before, after)
    if kind == "nested":
        return f"cut into {many(edit['n_domains'], 'domain')}"
    return "new cut"


def _review_name(edit: dict[str, Any], before: Result, after: Result) -> str:
    segment, table = edit["segment"], after.boundaries
    assert table is not None
    pair = " | ".join(after.names[int(table[key].iloc[segment])] for key in ("domain_a", "domain_b"))
    old = before.boundaries
    was, note = ("", "") if old is None or "review" not in old else old[["review", "note"]].iloc[segment]
    only_note = was == edit["verdict"] and note != edit["note"]  # else a verdict that was carried over is confirmed
    return f"note on {pair}" if only_note else f"{_SAYS[edit['verdict']]} {pair}"


def settings_deed(session: Any, before: Config, after: Config) -> Deed:
    """Return the deed of giving the next run other settings."""
    names = {spec.name for _, inside in sections().values() for spec in inside}
    touched = [name for name in sorted(names) if get(before, name) != get(after, name)]
    key = touched[0] if len(touched) == 1 else ""
    name = label(key) if key else "settings"
    if name[1:2].islower():  # not of an abbreviation
        name = name[:1].lower() + name[1:]
    return Deed(name, lambda: session.set_config(before), lambda: session.set_config(after), key, anytime=True)


# What a person asks for

Way = Literal["undo", "redo"]
KEYS: dict[Way, str] = {"undo": "Ctrl+Z", "redo": "Ctrl+Shift+Z"}


def told(session: Any, way: Way) -> str:
    """Return what undo or redo would do now, such as "Undo merge of 3 into 5"."""
    name = session.deeds.last if way == "undo" else session.deeds.next
    return f"{way.capitalize()} {name}".strip()


def may_walk(session: Any, way: Way) -> bool:
    """Return whether there is something to undo or redo now; while training goes on, only settings."""
    there = session.deeds.last if way == "undo" else session.deeds.next
    return bool(there) and not (session.run is not None and session.deeds.waits(way))


def walk(session: Any, way: Way) -> str:
    """Undo or redo, and return the name of the deed; "" where nothing was done."""
    if session.run is not None and session.deeds.waits(way):
        session.told.emit(f"{told(session, way)}: once training has ended. Finish or cancel it first.")
        return ""
    return str(getattr(session.deeds, way)())
