"""What a file holds before it is checked and joined: one table per modality, and who may know where the spots are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.data.readers.kinds import SHORT_NAMES, guess_kind, kind_from_names, kind_of_feature_type
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData


class Holder(NamedTuple):
    """A place that may hold coordinates, annotations and the image: a whole MuData, or one AnnData."""

    label: str
    obs: pd.DataFrame
    obsm: Mapping[str, Any]
    uns: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The label without what stands around a modality's name."""
        return self.label.removeprefix("modality ").strip("'")


@dataclass
class Found:
    """The tables of one section as they lie in the file.

    Attributes
    ----------
    tables
        {modality: AnnData}; rows may differ in number and order.
    holders
        Where coordinates, annotations and image are looked for, first come first served.
    hints
        {modality: text that may give its kind away}, such as the stem of the file it lay in alone.
    notes
        Sentences a person should read.
    stored
        {table: the barcode that each of its rows goes by, all different}, for every table as it lies in the file, named
        as in `Dataset.rows`; empty where there are several files.
    """

    tables: dict[str, AnnData]
    holders: list[Holder]
    hints: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stored: dict[str, pd.Index] = field(default_factory=dict)


def found_in_anndata(adata: AnnData, hint: str = "") -> Found:
    """Return the modalities of `adata`: one, or those told apart by ``var["modality"]`` or ``var["feature_types"]``."""
    holder = Holder(hint or "the table", adata.obs, adata.obsm, adata.uns)
    modality, notes = _modality_of_features(adata.var)
    names = list(dict.fromkeys(modality[modality != ""]))
    stored = {"": adata.obs_names}
    if not names or (modality == names[0]).all():
        name = _short_name(adata, hint)
        return Found({name: adata}, [holder], {name: hint}, stored=stored)
    tables = {name: _with_features(adata, np.flatnonzero(modality == name)) for name in names}
    return Found(tables, [holder], notes=notes, stored=stored)


def found_in_mudata(mdata: MuData) -> Found:
    """Return the modalities of `mdata` in its own order."""
    whole = Holder("the whole object", mdata.obs, mdata.obsm, mdata.uns)
    parts = [Holder(f"modality {name!r}", table.obs, table.obsm, table.uns) for name, table in mdata.mod.items()]
    stored = {"": mdata.obs_names, **{name: table.obs_names for name, table in mdata.mod.items()}}
    return Found(dict(mdata.mod), [whole, *parts], stored=stored)


def combined(parts: Mapping[str, Found]) -> Found:
    """Return the modalities of several files ({stem: Found}) as those of one section.

    Raises
    ------
    DataError
        Two files give modalities that cannot be told apart.
    """
    names = [name for part in parts.values() for name in part.tables]
    tables: dict[str, AnnData] = {}
    hints = {}
    for stem, part in parts.items():
        for name, table in part.tables.items():
            if names.count(name) > 1:
                name = stem if len(part.tables) == 1 else f"{stem}_{name}"
            if name in tables:
                raise DataError(
                    f"Expected one modality per name, found {name!r} twice. Rename one of the files or modalities."
                )
            tables[name], hints[name] = table, stem
    holders = [holder for part in parts.values() for holder in part.holders]
    return Found(tables, holders, hints, [note for part in parts.values() for note in part.notes])


def _with_features(adata: AnnData, columns: np.ndarray) -> AnnData:
    """Return a table of some features: values, layers and names, without the rest that `adata` carries."""
    values = None if adata.X is None else adata.X[:, columns]
    layers = {key: layer[:, columns] for key, layer in adata.layers.items()}
    return lean_table(values, adata.obs_names, adata.var.iloc[columns], layers)


def lean_table(values: Any, obs_names: pd.Index, var: pd.DataFrame, layers: Mapping[str, Any] | None = None) -> AnnData:
    """Return an AnnData of these values and features alone; features of the same name get a number."""
    import pandas as pd
    from anndata import AnnData
    from anndata.utils import make_index_unique

    index = var.index.astype(str)
    var = var.set_axis(index if index.is_unique else make_index_unique(index))
    return AnnData(X=values, obs=pd.DataFrame(index=obs_names.astype(str)), var=var, layers=layers)


def _modality_of_features(var: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Return (D,) names of the modality of each feature, "" where it is unknown, and notes."""
    if "modality" in var and var["modality"].nunique() > 1:  # as a saved result with several modalities has it
        return var["modality"].astype(str).to_numpy(), []
    if "feature_types" not in var:
        return np.full(len(var), ""), []
    types = var["feature_types"].astype(str)
    names = {text: SHORT_NAMES.get(kind, "") if (kind := kind_of_feature_type(text)) else "" for text in types.unique()}
    other = sorted(text for text, name in names.items() if not name)
    notes = [f"Left out features of type {', '.join(other)}: no modality is known for them."] if other else []
    return types.map(names).to_numpy(), notes


def _short_name(adata: AnnData, hint: str) -> str:
    """Return rna, adt or atac after the kind of a lone table, else the hint."""
    kind = kind_from_names(adata.var, "", hint) or guess_kind(adata)
    return SHORT_NAMES.get(kind, hint or "features") if kind else hint or "features"
