"""Changes to what a table says and how, such as people's files differ: its values stay where they belong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.originals import PROTEINS, put, sections

if TYPE_CHECKING:
    from anndata import AnnData

Change = Callable[["AnnData", np.random.Generator, Case], "AnnData | None"]
_ODD = (
    "",
    "nan",
    "None",
    "NA",
    "é",
    "猫",
    "a b",
    "a/b",
    "x" * 300,
    "=1+1",
    "<b>x</b>",
    "type",
    "..",
    "0",
    "\t",
    "S0001-1",
)
_PLACES = (
    *(("x", "y"), ("X", "Y"), ("center_x", "center_y"), ("CenterX_global_px", "CenterY_global_px")),
    *(("x_centroid", "y_centroid"), ("X_centroid", "Y_centroid"), ("sdimx", "sdimy"), ("x_um", "y_um")),
    *(("pxl_col_in_fullres", "pxl_row_in_fullres"), ("imagecol", "imagerow"), ("array_col", "array_row")),
)
_SECTION_COLUMNS = ("library_id", "batch", "sample", "sample_id", "slide", "fov", "region", "patient")


def rows_taken(table: AnnData, rng: np.random.Generator, case: Case) -> AnnData:
    """Take some rows, in another order."""
    n = int(chosen(rng, [0, 1, 2, 3, 7, 30, 100, 144]))
    return table[rng.permutation(table.n_obs)[:n]].copy()


def columns_taken(table: AnnData, rng: np.random.Generator, case: Case) -> AnnData:
    """Take some features, in another order."""
    n = int(chosen(rng, [0, 1, 2, 3, 10, table.n_vars]))
    return table[:, rng.permutation(table.n_vars)[:n]].copy()


def names_changed(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Make barcodes that repeat, are empty, numbers, odd, nullable or categories."""
    names = table.obs_names.to_numpy().astype(object)
    how = int(rng.integers(8))
    some = rng.random(len(names)) < chosen(rng, [0.02, 0.3, 1.0])
    if how == 0:
        names[some] = names[0] if len(names) else ""
    elif how == 1:
        names[some] = [chosen(rng, _ODD) for _ in range(some.sum())]
    elif how == 2:
        names = np.arange(len(names)).astype(str)
    elif how == 3:
        names = np.array([f"{name}{chosen(rng, ['-1', '_1', '-1_1'])}" for name in names], dtype=object)
    table.obs.index = pd.Index(names)
    if how == 4:
        table.obs.index = table.obs.index.astype("string")
    if how == 5:
        table.obs.index = table.obs.index.astype("category")
    if how == 6:
        table.obs.index.name = str(chosen(rng, [*_ODD, "origin", "index", "_index", "barcode"]))


def features_renamed(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Make names of features that repeat, are odd or nullable, and columns beside them."""
    names = table.var_names.to_numpy().astype(object)
    how = int(rng.integers(5))
    some = rng.random(len(names)) < chosen(rng, [0.05, 0.5])
    if how == 0:
        names[some] = "twice"
    elif how == 1:
        names[some] = [f"{chosen(rng, _ODD)}{i}" for i in range(some.sum())]
    table.var.index = pd.Index(names)
    if how == 2:
        table.var.index = table.var.index.astype("string")
    if how == 3:
        kinds = ["Gene Expression", "Antibody Capture", "Peaks", "Custom", "", None, "nan"]
        table.var["feature_types"] = [chosen(rng, kinds) for _ in names] if rng.random() < 0.5 else chosen(rng, kinds)
    if how == 4:
        table.var["gene_ids"] = [chosen(rng, _ODD) for _ in names]


def values_stored(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Store the same values as another kind of array."""
    dense = table.X.toarray() if sparse.issparse(table.X) else np.asarray(table.X)
    kinds = ["f8", "f4", "i8", "i4", "u2", "i2", ">f4", "f2", "u8", "bool", "object", "c8"]
    how = str(chosen(rng, kinds))
    case.values = case.values and how not in ("bool", "f2", "c8")
    stored = dense.astype(how)
    form = chosen(rng, [np.asarray, np.asfortranarray, sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix])
    table.X = form(stored)


def values_elsewhere(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Put counts in a layer or in raw, something else or nothing in X."""
    how = int(rng.integers(4))
    counts = table.X.copy()
    if how == 0:
        table.layers[str(chosen(rng, ["counts", "raw_counts", "raw", "count"]))] = counts
        table.X = sparse.csr_matrix(np.log1p(counts.toarray()))
    elif how == 1:
        table.raw = table.copy()
        table.X = sparse.csr_matrix(np.log1p(counts.toarray()))
    elif how == 2:
        table.X = None
        case.values = False
    else:
        table.X = counts + counts.astype(bool) * 1e-6
        case.values = False


def coordinates_moved(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Put coordinates in a frame, in columns, with a third one, as other numbers, for some spots, or none."""
    at = np.asarray(table.obsm.pop("spatial"), float)
    how = int(rng.integers(11))
    names = chosen(rng, _PLACES)
    if how == 0:
        frame = pd.DataFrame(at, index=table.obs_names, columns=list(names))
        table.obsm["spatial"] = frame[list(rng.permutation(list(names)))]
    elif how == 1:
        for name, values in zip(names, at.T, strict=True):
            table.obs[name] = values
    elif how == 2:
        third = rng.choice([0.0, 5.0, np.nan], len(at)) if rng.random() < 0.5 else np.zeros(len(at))
        table.obsm["spatial"] = np.column_stack([at, third])
    elif how == 3:
        table.obsm["spatial"] = at.astype(str(chosen(rng, ["i4", "f4", "u2", "i8", ">f8"])))
    elif how == 4:
        at[rng.random(len(at)) < chosen(rng, [0.01, 0.5, 1.0])] = chosen(rng, [np.nan, np.inf, -np.inf])
        table.obsm["spatial"] = at
    elif how == 5:
        table.obsm["spatial"] = sparse.csr_matrix(at)
    elif how == 6:
        table.obsm[str(chosen(rng, ["X_spatial", "coords", "spatial_fov", "centroid"]))] = at
    elif how == 7:
        table.obsm["spatial"] = at[:, : int(rng.integers(2))]
    elif how == 8:
        at[:] = at[:1] if rng.random() < 0.5 else np.round(at / 400) * 400
        case.coords = False
        table.obsm["spatial"] = at
    elif how == 9:
        table.obsm["spatial"] = at * chosen(rng, [1e-9, 1e9, 1e30, 1e-30])
    else:
        table.obsm["spatial"] = at.astype(str)


def picture_changed(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Put anything in the place of squidpy's library, its pictures or its scale factors."""
    odd = [
        *(None, "text", b"bytes", np.zeros(0), np.zeros((3, 9, 9)), np.ones((9, 9, 2)), np.ones((9, 9, 5)), 3, -1.0),
        *({}, [], np.nan, np.inf, True, np.full((9, 9, 3), np.nan), np.ones((9, 9), "u2") * 4095, np.array(["a"])),
        *(np.array([0.2]), 0.0, "0.2", {"a": {"b": 1}}, np.zeros((1, 1, 3), "u1"), np.zeros((2, 2, 2, 3), "u1")),
    ]
    library = {"images": dict(table.uns["spatial"]["slide"]["images"]), "scalefactors": {"tissue_hires_scalef": 0.05}}
    wrong = chosen(rng, odd)
    how = int(rng.integers(6))
    if how == 0:
        table.uns["spatial"] = wrong
    elif how == 1:
        table.uns["spatial"] = {"slide": wrong}
    elif how == 2:
        table.uns["spatial"] = {"slide": library | {str(chosen(rng, ["images", "scalefactors", "metadata"])): wrong}}
    elif how == 3:
        library["images"][str(chosen(rng, ["hires", "lowres", "fullres"]))] = wrong
        table.uns["spatial"] = {"slide": library}
    elif how == 4:
        key = str(chosen(rng, ["tissue_hires_scalef", "spot_diameter_fullres", "microns_per_pixel", "other"]))
        library["scalefactors"][key] = wrong
        table.uns["spatial"] = {"slide": library}
    else:
        table.uns["spatial"] = {"slide": library, str(chosen(rng, _ODD)) or "b": library}


def columns_added(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Add columns of every kind to the spots' own, with and without names that mean something."""
    n = table.n_obs
    columns: list[Any] = [
        pd.array([None if i % 3 else f"n{i}" for i in range(n)], dtype="string"),
        pd.array([None if i % 4 else i % 2 == 0 for i in range(n)], dtype="boolean"),
        pd.array([None if i % 4 else i for i in range(n)], dtype="Int64"),
        pd.Categorical([None if i % 5 else "a" for i in range(n)], categories=["a", ""]),
        np.array([i if i % 2 else f"t{i}" for i in range(n)], dtype=object),
        np.array(["TRUE", "FALSE"] * n, dtype=object)[:n],
        pd.date_range("2026-01-01", periods=n),
        np.arange(n) % 2,
        np.where(np.arange(n) % 12 < 6, "left", "right"),
        np.full(n, "only"),
        np.where(np.arange(n) % 3, "a", None),
        np.full(n, np.nan),
        np.arange(n) * 1j,
    ]
    names = [*_SECTION_COLUMNS, "in_tissue", "trsmi_domain", "trsmi_confidence", "x", "cell_id", *_ODD]
    for _ in range(int(rng.integers(1, 4))):
        table.obs[str(chosen(rng, names))] = chosen(rng, columns)


def entries_added(table: AnnData, rng: np.random.Generator, case: Case) -> None:
    """Add entries of every kind to uns, obsm, layers, obsp and varm."""
    n = table.n_obs
    how = int(rng.integers(6))
    if how == 0:
        odd = [None, {}, [], {"a": None}, np.array([]), "x", b"x", {"deep": {"er": {"est": 1}}}, 1j, 2**70, np.nan]
        table.uns[str(chosen(rng, [*_ODD, "trsmi", "trsmi_domain_colors", "neighbors", "log1p"])) or "e"] = chosen(
            rng, odd
        )
    elif how == 1:
        table.obsm["protein_expression"] = pd.DataFrame(
            rng.poisson(9.0, (n, len(PROTEINS))), index=table.obs_names, columns=list(PROTEINS)
        )
        case.values = False  # they are proteins of their own
    elif how == 2:
        wide = rng.normal(size=(n, int(chosen(rng, [0, 1, 5, 200]))))
        wide[rng.random(wide.shape) < chosen(rng, [0.0, 0.1])] = np.nan
        table.obsm[str(chosen(rng, ["X_pca", "X_umap", "X_totalVI", "trsmi_posterior", "X_trsmi"]))] = wide
    elif how == 3:
        table.obsm["X_sparse"] = sparse.random(n, 6, 0.3, format=str(chosen(rng, ["csr", "csc"])))
    elif how == 4:
        table.obsp[str(chosen(rng, ["connectivities", "trsmi_S_rna_adt"]))] = sparse.random(n, n, 0.05, format="csc")
    else:
        table.layers[str(chosen(rng, ["counts", "scaled", "spliced"]))] = np.full(table.shape, np.nan)
        case.values = False


CHANGES: tuple[Change, ...] = (
    *(rows_taken, columns_taken, names_changed, features_renamed, values_stored, values_elsewhere),
    *(coordinates_moved, picture_changed, columns_added, entries_added),
)


def changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return one or two tables of the section with one to three changes, in some format."""
    case, tables = Case(), sections()
    for _ in range(int(rng.integers(1, 4))):
        name = str(chosen(rng, list(tables)))
        change = chosen(rng, CHANGES)
        try:
            tables[name] = change(tables[name], rng, case) or tables[name]
        except Exception as error:  # the libraries allow less than files can hold
            raise NotMade(f"{change.__name__}: {error}") from error
        case.changes.append(f"{name}: {change.__name__}")
    case.paths = stored(tables, rng, folder, case)
    return case


def stored(tables: dict[str, AnnData], rng: np.random.Generator, folder: Path, case: Case) -> list[Path]:
    """Write tables as a person might have them: one of them, two files, or both in one."""
    how = int(rng.integers(6))
    suffix = str(chosen(rng, [".h5ad", ".zarr"]))
    names = ["rna", "adt"]
    if how == 0:
        names = [str(chosen(rng, ["rna.v2", "type", "items", "a b", "é", "..", "training", "1"])), "adt"]
    try:
        if how in (1, 2):
            one = str(chosen(rng, list(tables)))
            paths = [put(tables[one], folder / f"{one}{suffix}")]
        elif how == 3:
            paths = [put(table, folder / f"{name}{suffix}") for name, table in tables.items()]
        else:
            from napari_trsmi.data.tables import mudata_of

            both = mudata_of(dict(zip(names, tables.values(), strict=True)))
            paths = [put(both, folder / f"both{chosen(rng, ['.h5mu', '.zarr'])}")]
    except Exception as error:
        raise NotMade(str(error)) from error
    case.changes.append(", ".join(path.name for path in paths))
    return paths
