"""What is right after a try: an input that opens holds what it held, one that does not is refused in a sentence."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from fuzzing.cases import Case
from fuzzing.documents import HOSTILE
from fuzzing.originals import ORIGIN, truth

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.saved import SavedResult

_LONGEST = 1200  # characters of a sentence that still is one
_OURS = {"nt", "edits", "Cluster", "Checkpoints", "keep_preview", "next", "print", "steps", "course", "result"}
_METHODS = {"send", "append", "write"}


class Wrong(Exception):
    """What was opened is not what was there, and nobody was told."""


def sentence(error: Exception) -> str | None:
    """Return what is wrong with how an error is told, or None."""
    said = str(error)
    if not tells(said):
        return f"does not say what was expected and found: {said[:200]}"
    if "\n" in said or len(said) > _LONGEST:
        return f"no sentence, {len(said)} characters: {said[:200]}"
    return None


def tells(said: str) -> bool:
    """Return whether a text says what was expected and found, as pydantic's on a setting do too."""
    return said.startswith(("Expected", "There is no setting")) or ": Input should be " in said or " found " in said


def section(dataset: Dataset, case: Case) -> None:
    """Raise `Wrong` where a dataset is not sound in itself, or not what the original holds."""
    n = dataset.n_spots
    _demand(n > 0 and dataset.coords.shape == (n, 2), f"{dataset.coords.shape} coordinates of {n} spots")
    _demand(bool(np.isfinite(dataset.coords).all()), "coordinates that are not finite")
    _demand(len(set(dataset.obs_names)) == n == len(dataset.obs), "barcodes that repeat")
    for name, modality in dataset.modalities.items():
        table = modality.table
        _demand(table.n_obs == n, f"{table.n_obs} rows of {name} for {n} spots")
        values = table.X.data if sparse.issparse(table.X) else np.asarray(table.X)
        _demand(values.dtype.kind in "fiub" and bool(np.isfinite(values).all()), f"{name} with values not finite")
        _demand(modality.kind in ("precomputed", "protein") or bool((values >= 0).all()), f"{name} with values below 0")
    rows = _rows(dataset)
    if len(dataset.obs_names) < len(truth()[0]) and not (dataset.notes or dataset.dropped):
        told = any("rows_taken" in change or "spots" in change for change in case.changes)
        _demand(told or not (case.values and case.coords), f"{n} spots, the others left out without a word")
    known = rows >= 0
    if case.values and known.any():
        _same_values(dataset, rows, known)
    if case.coords and known.sum() > 3:
        _same_places(dataset.coords[known], truth()[1][rows[known]])


def _rows(dataset: Dataset) -> np.ndarray:
    """Return the row of each spot in the original, by the column that came along, else by barcode; -1 if unknown."""
    for column in dataset.obs:
        if str(column).split(":")[-1] == ORIGIN:
            found = pd.to_numeric(dataset.obs[column], errors="coerce").fillna(-1).to_numpy(int)
            return np.where(found < len(truth()[0]), found, -1)
    return truth()[0].index.get_indexer(pd.Index(dataset.obs_names))


def _same_values(dataset: Dataset, rows: np.ndarray, known: np.ndarray) -> None:
    """Raise `Wrong` where counts of a feature differ from the original's."""
    right = truth()[0]
    for name, modality in dataset.modalities.items():
        if modality.kind == "precomputed":
            continue
        table = modality.table
        where = right.columns.get_indexer(pd.Index([str(feature) for feature in table.var_names]))
        twice = pd.Index(where).duplicated(keep=False)
        features = np.flatnonzero((where >= 0) & ~twice)
        dense = table.X.toarray() if sparse.issparse(table.X) else np.asarray(table.X)
        found = dense[known][:, features].astype(float)
        expected = right.to_numpy(float)[rows[known]][:, where[features]]
        if not np.allclose(found, expected, atol=1e-4):
            different = int((~np.isclose(found, expected, atol=1e-4)).sum())
            raise Wrong(f"{different} of {found.size} values of {name} are not those of the file")


def _same_places(found: np.ndarray, expected: np.ndarray) -> None:
    """Raise `Wrong` where places are no shifted and scaled copy of the original's, x along x."""
    found, expected = found - found.mean(axis=0), expected - expected.mean(axis=0)
    size, right = np.abs(found).max(axis=0), np.abs(expected).max(axis=0)
    for axis in (0, 1):
        if size[axis] > 0 and right[axis] > 0:
            difference = found[:, axis] / size[axis] - expected[:, axis] / right[axis]
            _demand(np.abs(difference).max() < 1e-3, "spots at other places")


def saved(result: SavedResult, original: dict[str, str] | None) -> None:
    """Raise `Wrong` where a result that was read back is not sound in itself.

    Parameters
    ----------
    original
        {barcode: name of its domain} where the labels may not have changed.
    """
    n, k = len(result.obs_names), len(result.names)
    _demand(n > 0 and k > 0, f"{n} spots in {k} domains")
    _demand(len(result.labels) == n and result.labels.min() >= 0 and result.labels.max() < k, "labels out of range")
    _demand(len(result.colors) == k, f"{len(result.colors)} colours for {k} domains")
    for color in result.colors:
        _demand(len(color) == 7 and color[0] == "#" and _is_hexadecimal(color[1:]), f"the colour {color!r}")
    _demand(len(set(result.names)) == k, "names that repeat")
    _demand(bool(((result.runner_up >= -1) & (result.runner_up < k)).all()), "runners-up out of range")
    _demand(bool(np.isfinite(result.embedding).all()) and len(result.embedding) == n, "an embedding that is not finite")
    inside = (result.confidence >= 0) & (result.confidence <= 1 + 1e-5)
    _demand(bool(inside.all()), "a confidence outside 0 to 1")
    if result.posterior is not None:
        _demand(result.posterior.shape == (n, k), f"a posterior of shape {result.posterior.shape}")
        _demand(bool(np.isfinite(result.posterior).all() and (result.posterior >= 0).all()), "a posterior out of range")
    if original is not None:
        _same_domains(result, original)


def restored(result: Any, original: dict[str, str]) -> None:
    """Raise `Wrong` where spots of a result that was restored have other domains than {barcode: domain} says."""
    _demand(len(result.labels) == len(original), f"{len(result.labels)} of {len(original)} spots")
    _same_domains(result, original)


def _same_domains(result: Any, original: dict[str, str]) -> None:
    """Raise `Wrong` where a spot is in another domain than {barcode: domain} says."""
    domains = dict(zip(map(str, result.obs_names), (result.names[k] for k in result.labels), strict=True))
    moved = sum(original.get(barcode, "") != domain for barcode, domain in domains.items())
    _demand(moved == 0, f"{moved} spots in another domain")


def script(text: str) -> None:
    """Raise `Wrong` where a script does anything but call functions of ours with constants."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            _demand(all(name.split(".")[0] == "napari_trsmi" for name in names), f"the script imports {names}")
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                base = called.value
                _demand(isinstance(base, ast.Name) and base.id in _OURS, f"the script calls {ast.unparse(called)}")
                ours = base.id in ("nt", "edits") or called.attr in _METHODS  # type: ignore[attr-defined]
                _demand(ours and not called.attr.startswith("_"), f"the script calls {ast.unparse(called)}")
            else:
                _demand(isinstance(called, ast.Name) and called.id in _OURS, f"the script calls {ast.unparse(called)}")
        elif isinstance(node, ast.Lambda | ast.FunctionDef | ast.ClassDef | ast.Await | ast.ListComp):
            raise Wrong(f"the script holds a {type(node).__name__}")
        elif isinstance(node, ast.Name):
            _demand(not node.id.startswith("__"), f"the script names {node.id}")


def printed(text: str) -> None:
    """Raise `Wrong` where a command printed a traceback."""
    if "Traceback (most recent call last)" in text or "Error ignored" in text:
        raise Wrong("it printed a traceback: " + text.strip().splitlines()[-1][:200])


def untouched(folder: Any) -> None:
    """Raise `Wrong` where what a file says was executed."""
    _demand(not any(path.name == "owned" for path in folder.iterdir()), f"it executed {HOSTILE}")


def _is_hexadecimal(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)


def _demand(right: bool, otherwise: str) -> None:
    if not right:
        raise Wrong(otherwise)
