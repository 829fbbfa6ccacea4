"""Changes to JSON: records of runs, scale factors, metadata of zarr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.originals import copied

HOSTILE = "__import__('os').system('touch owned')"
_ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e308, 10**400, -(2**63), float("nan"), float("inf"), "", "text", "é\u0000", "a" * 5000),
    *([], {}, [[]], [None], {"": None}, [1, "a"], {"a": {"b": {}}}, HOSTILE, f"x', {HOSTILE}, '", f'"); {HOSTILE} #'),
    *("\n" + HOSTILE, ["../../etc", HOSTILE], {HOSTILE: HOSTILE}, "#zzzzzz", "2026", "nan", "-0", "cuda:99"),
)
_EDITS = (
    {"edit": "rename", "domain": HOSTILE, "name": "x"},
    {"edit": HOSTILE, "domain": 0},
    {"edit": "rename", HOSTILE: 0},
    {"edit": "rename"},
    {"edit": "write", "path": "/tmp/owned"},
    {"edit": "__class__", "x": 1},
    {"domain": 1},
    {"edit": "review", "segments": [0], "verdict": HOSTILE, "note": HOSTILE},
    {"edit": "merge", "domains": ["__class__", {"a": 1}]},
    {"edit": ["rename"], "domain": 0},
)


def hostile(document: Any, rng: np.random.Generator) -> tuple[Any, str]:
    """Return JSON with one node changed, and what was done."""
    places = list(_places(document))
    holder, key = places[int(rng.integers(len(places)))]
    how = str(chosen(rng, ["odd", "odd", "odd", "lost", "deep", "edits", "preview", "swap"]))
    if how == "lost":
        del holder[key]
    elif how == "deep":
        deep: Any = []
        for _ in range(int(chosen(rng, [50, 3000]))):
            deep = [deep] if rng.random() < 0.5 else {"a": deep}
        holder[key] = deep
    elif how == "edits" and isinstance(document, dict):
        document["edits"] = [chosen(rng, _EDITS) for _ in range(int(rng.integers(1, 3)))]
        key = "edits"
    elif how == "preview" and isinstance(document, dict):
        key = str(chosen(rng, ["kept_preview", "resumed_at", "reclustered_with", "reclustered_from", "history"]))
        document[key] = chosen(rng, _ODD)
        document.setdefault("reclustered_from", HOSTILE)
    elif how == "swap":
        other, at = places[int(rng.integers(len(places)))]
        holder[key] = other[at] if other[at] is not holder else None
    else:
        holder[key] = chosen(rng, _ODD)
    return document, f"{how} at {key!r}"


def text(document: Any, rng: np.random.Generator) -> str:
    """Return JSON as text, which is now and then cut, doubled or not JSON."""
    try:
        made = json.dumps(document)
    except RecursionError as error:
        raise NotMade(str(error)) from error
    how = int(rng.integers(12))
    if how == 0:
        return made[: int(rng.integers(len(made)))]
    if how == 1:
        return made + made
    if how == 2:
        return str(chosen(rng, ["", "null", "[]", "3", "{}", "'", "\ufeff" + made, '{"a": ', "[" * 5000]))
    return made


def _places(node: Any, depth: int = 0) -> Any:
    """Yield (holder, key) of every node below one; long lists by their first entries."""
    entries = node.items() if isinstance(node, dict) else enumerate(node[:3]) if isinstance(node, list) else ()
    for key, value in entries:
        yield node, key
        if depth < 12:
            yield from _places(value, depth + 1)


def run_json(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a changed run.json from which a run is repeated."""
    path = copied(originals / "result.run.json", folder)
    document = json.loads(path.read_text(encoding="utf-8"))
    case = Case([path], opens="words")
    for _ in range(int(rng.integers(1, 3))):
        document, what = hostile(document, rng)
        case.changes.append(what)
    path.write_text(text(document, rng), encoding="utf-8")
    case.words = ["fit", "--config", str(path), "-o", str(folder / "again.h5mu"), "--no-figure", "--train.epochs", "2"]
    if rng.random() < 0.3:
        case.words = [*case.words[:1], str(originals / "joined.h5mu"), *case.words[1:]]
    return case
