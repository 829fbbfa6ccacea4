"""Changes to single nodes of an HDF5 file: what another program, or an older one, leaves there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.originals import copied

_ODD: tuple[Any, ...] = (
    *(0, -1, 2**62, np.nan, 1.5, True, "text", b"\xff\xfe", "", np.zeros(0), np.zeros((0, 3)), np.arange(5)),
    *(np.array(["a", "b"], object), np.zeros((3, 3, 3)), np.full(144, np.nan), np.full(144, -7), np.full(144, 9999)),
)
_ENCODINGS = (
    "csr_matrix",
    "csc_matrix",
    "array",
    "dataframe",
    "dict",
    "categorical",
    "string-array",
    "null",
    "rubbish",
    "",
)
_MATRICES = ("X", "layers/doubled", "raw/X", "obsp/near", "obsp/trsmi_S_rna_adt")


def changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a file of tables or a result with one or two nodes replaced."""
    name = str(chosen(rng, ["joined.h5mu", "rna.h5ad", "result.h5mu", "result.h5ad"]))
    opens = "result" if name.startswith("result") else "section"
    case = Case([copied(originals / name, folder)], values=False, coords=False, opens=opens)
    with h5py.File(case.paths[0], "r+") as file:
        for _ in range(int(rng.integers(1, 3))):
            case.changes.append(node_changed(file, rng))
    return case


def node_changed(file: h5py.File, rng: np.random.Generator) -> str:
    """Change one node and return what was done."""
    names: list[str] = []
    file.visit(names.append)
    name = str(chosen(rng, names))
    node = file[name]
    how = str(chosen(rng, ["lost", "odd", "shorter", "longer", "attribute", "encoding", "link", "kind", "cells"]))
    dataset = isinstance(node, h5py.Dataset)
    attributes = dict(node.attrs)
    try:
        if how == "lost":
            del file[name]
        elif how == "odd":
            del file[name]
            file[name] = chosen(rng, _ODD)
            file[name].attrs.update(attributes if rng.random() < 0.5 else {})
        elif how in ("shorter", "longer") and dataset and node.ndim:
            values = node[()]
            values = values[: len(values) // 2] if how == "shorter" else np.concatenate([values, values])
            del file[name]
            file[name] = values
            file[name].attrs.update(attributes)
        elif how == "attribute" and attributes:
            key = str(chosen(rng, list(attributes)))
            del node.attrs[key]
            if rng.random() < 0.7:
                node.attrs[key] = chosen(rng, _ODD)
        elif how == "encoding":
            node.attrs["encoding-type"] = chosen(rng, _ENCODINGS)
        elif how == "link":
            del file[name]
            links = [h5py.SoftLink(f"/{name}"), h5py.SoftLink("/"), h5py.SoftLink("/nowhere")]
            file[name] = chosen(rng, [*links, h5py.ExternalLink("/dev/null", "/"), h5py.ExternalLink("no.h5", "/")])
        elif how == "kind":
            del file[name]
            if dataset:
                file.create_group(name).attrs.update(attributes)
            else:
                file[name] = np.arange(3)
        elif how == "cells" and dataset and node.size:
            values = node[()]
            if node.ndim and node.dtype.kind in "if":
                worst = [0, -1, np.iinfo("i1").max] if node.dtype.kind == "i" else [np.nan, np.inf, -1.0, 1e30]
                values.flat[int(rng.integers(node.size))] = chosen(rng, worst)
                node[...] = values
        else:
            raise NotMade(f"{how} does not fit {name}")
    except (TypeError, ValueError, KeyError, OSError, RuntimeError) as error:
        raise NotMade(str(error)) from error
    return f"{name}: {how}"


def sparse_changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a file in which a sparse matrix points where nothing is; values that are opened must be right."""
    name = str(chosen(rng, ["joined.h5mu", "rna.h5ad", "result.h5mu"]))
    opens = "result" if name.startswith("result") else "section"
    case = Case([copied(originals / name, folder)], opens=opens)
    with h5py.File(case.paths[0], "r+") as file:
        if name == "rna.h5ad" and rng.random() < 0.3:
            file.copy("X", file.create_group("raw"), "X")
            file.copy("var", "raw/var")
            file["raw"].attrs.update({"encoding-type": "raw", "encoding-version": "0.1.0"})
        groups = [path for at in ("", "mod/rna/", "mod/adt/") for m in _MATRICES if (path := at + m) in file]
        path = str(chosen(rng, groups))
        group = file[path]
        how = str(chosen(rng, list(_BREAKS)))
        arrays = {key: group[key][()] for key in ("data", "indices", "indptr")}
        shape = np.asarray(group.attrs["shape"])
        arrays["shape"] = shape
        _BREAKS[how](arrays, rng)
        for key in ("data", "indices", "indptr"):
            del group[key]
            group[key] = arrays[key]
        group.attrs["shape"] = arrays["shape"]
    case.changes.append(f"{path}: {how}")
    return case


def _set(key: str, value: Any) -> Any:
    def change(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        array = arrays[key].astype(np.int64)
        array[int(rng.integers(len(array)))] = value
        arrays[key] = array

    return change


def _cut(key: str, keep: float) -> Any:
    def change(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        array = arrays[key]
        arrays[key] = array[: int(len(array) * keep)] if keep < 1 else np.concatenate([array, array[-3:]])

    return change


def _typed(key: str, dtype: str) -> Any:
    def change(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        arrays[key] = arrays[key].astype(dtype)

    return change


def _shaped(factor: int, add: int) -> Any:
    def change(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        arrays["shape"] = arrays["shape"] * factor + add

    return change


def _unsorted(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Reverse the entries of the first row, which changes no value."""
    row = slice(0, int(arrays["indptr"][1]))
    for key in ("data", "indices"):
        arrays[key][row] = arrays[key][row][::-1].copy()


_BREAKS = {
    "index past the end": _set("indices", 10_000),
    "index far past the end": _set("indices", 2**40),
    "index one past the end": _set("indices", 144),
    "negative index": _set("indices", -1),
    "pointer too large": _set("indptr", 10**9),
    "negative pointer": _set("indptr", -5),
    "pointer of zero": _set("indptr", 0),
    "short data": _cut("data", 0.5),
    "no data": _cut("data", 0),
    "short indices": _cut("indices", 0.9),
    "short pointers": _cut("indptr", 0.9),
    "long pointers": _cut("indptr", 1),
    "long data": _cut("data", 1),
    "indices as floats": _typed("indices", "f8"),
    "indices of one byte": _typed("indices", "i1"),
    "pointers as floats": _typed("indptr", "f4"),
    "data as text": _typed("data", "S8"),
    "data as complex": _typed("data", "c16"),
    "shape too large": _shaped(2, 0),
    "shape huge": _shaped(2**40, 0),
    "negative shape": _shaped(-1, 0),
    "shape too small": _shaped(1, -5),
    "unsorted": _unsorted,
}
