"""What a file holds before it is checked and joined: one table per modality, and who may know where the spots are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.data.readers.antibodies import note_on_antibodies
from napari_trsmi.data.readers.axes import find_axes
from napari_trsmi.data.readers.barcodes import note_on_repeats, unique_names
from napari_trsmi.data.readers.kinds import (
    BY_VALUES,
    SHORT_NAMES,
    column_of_feature_types,
    guess_kind,
    is_another_measurement,
    is_biotype,
    is_sparse_rna,
    kind_from_names,
    kind_of_feature_type,
    may_be_modality,
)
from napari_trsmi.data.readers.proteins import protein_table, proteins_in_obs
from napari_trsmi.data.soundness import check_matrices
from napari_trsmi.data.tables import layers_of
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.outlines import Outlines, ShapeOutlines
    from napari_trsmi.data.pyramids import Pyramid
    from napari_trsmi.data.readers.needed import Modalities


WHOLE = "the whole object"  # label of what a MuData keeps beside its modalities


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
    barcodes
        {modality: the barcode that each of its rows goes by}, where that is not ``obs_names`` of its table.
    guessed
        Modalities that are called after a kind that was guessed.
    unnamed
        Whether the file gives its modality no name.
    pyramids
        {image: the whole of it, on disk}, by its key in ``uns["spatial"]``.
    outlines
        Where the outlines of the spots, which are cells, are; None where they are not known.
    """

    tables: dict[str, AnnData]
    holders: list[Holder]
    hints: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stored: dict[str, pd.Index] = field(default_factory=dict)
    barcodes: dict[str, pd.Index] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    unnamed: bool = False
    pyramids: dict[str, Pyramid] = field(default_factory=dict)
    outlines: Outlines | ShapeOutlines | None = None

    def barcodes_of(self, name: str) -> pd.Index:
        """Return the barcodes that the rows of a modality go by."""
        return self.barcodes.get(name, self.tables[name].obs_names)


def found_in_anndata(adata: AnnData, hint: str = "") -> Found:
    """Return the modalities of `adata`.

    That is one, or those told apart by ``var["modality"]`` or ``var["feature_types"]``; and proteins in ``obsm``.

    Raises
    ------
    DataError
        The spots are in the columns.
    """
    check_matrices(adata)
    placed = np.shape(adata.varm["spatial"]) if "spatial" in adata.varm else ()
    if placed[1:] in ((2,), (3,)) and "spatial" not in adata.obsm and not find_axes(list(adata.obs)):
        raise DataError(
            "Expected spots in the rows of the table, found their places in varm['spatial'], as of columns. "
            "Write it the other way round (adata.T.write_h5ad)."
        )
    label = hint or "the table"
    notes = note_on_repeats(adata.obs_names, label)
    barcodes = unique_names(adata.obs_names)
    modality, more = _modality_of_features(adata.var)
    notes += more
    proteins, beside = SHORT_NAMES["protein"], protein_table(adata)
    if beside is not None or is_sparse_rna(adata):
        hint = "" if kind_from_names(adata.var[[]][:0], "", hint) == "protein" else hint
    names = list(dict.fromkeys(modality[modality != ""]))
    guessed: set[str] = set()
    if not names or (modality == names[0]).all():
        name, is_guess = _short_name(adata, hint)
        tables, hints = {name: adata}, {name: hint}
        guessed = {name} if is_guess else guessed
        notes += note_on_antibodies(adata.var_names) if name == SHORT_NAMES["rna"] else []
    else:
        tables, hints = {name: _with_features(adata, np.flatnonzero(modality == name)) for name in names}, {}
    obsm = dict(adata.obsm)
    if proteins not in tables and beside is not None:
        key, tables[proteins] = beside
        del obsm[key]
        notes.append(f"Took obsm[{key!r}] for the modality {proteins!r}.")
    if proteins not in tables and (columns := proteins_in_obs(adata.obs)):
        notes.append(
            f"Left {len(columns)} columns of obs that are called as proteins are alone, such as {columns[0]!r}: to "
            "train on them too, store them as a modality."
        )
    for key in (key for key in obsm if may_be_modality(str(key)) and len(np.shape(obsm[key])) == 2):
        width = np.shape(obsm[key])[1]
        notes.append(f"Left obsm[{key!r}] ({width:,} columns) alone: to train on it too, store it as a modality.")
    holder = Holder(label, adata.obs.set_axis(barcodes), obsm, adata.uns)
    return Found(
        tables, [holder], hints, notes, {"": barcodes}, dict.fromkeys(tables, barcodes), guessed, len(tables) == 1
    )


def found_in_mudata(mdata: MuData | Modalities) -> Found:
    """Return the modalities of `mdata` in its own order."""
    check_matrices(mdata)
    barcodes = {name: unique_names(table.obs_names) for name, table in mdata.mod.items()}
    of_whole = _barcodes_of_whole(mdata, barcodes)
    notes = [note for name, table in mdata.mod.items() for note in note_on_repeats(table.obs_names, name)]
    holders = [Holder(WHOLE, mdata.obs.set_axis(of_whole), mdata.obsm, mdata.uns)]
    for name, table in mdata.mod.items():
        holders.append(Holder(f"modality {name!r}", table.obs.set_axis(barcodes[name]), table.obsm, table.uns))
    return Found(dict(mdata.mod), holders, notes=notes, stored={"": of_whole, **barcodes}, barcodes=barcodes)


def _barcodes_of_whole(mdata: MuData | Modalities, barcodes: Mapping[str, pd.Index]) -> pd.Index:
    """Return the barcode of each row of `mdata`: that of the rows it stands for in the modalities."""
    import pandas as pd

    names = unique_names(mdata.obs_names)
    if mdata.obs_names.is_unique:
        return names
    whole = names.to_numpy(dtype=object)
    for name in reversed(list(barcodes)):
        rows = np.asarray(mdata.obsmap[name]).reshape(-1).astype(int)  # counted from 1, 0 where it lacks the spot
        whole[rows > 0] = barcodes[name].to_numpy(dtype=object)[rows[rows > 0] - 1]
    return pd.Index(whole)


def combined(parts: Mapping[str, Found]) -> Found:
    """Return the modalities of several files ({stem: Found}) as those of one section.

    Raises
    ------
    DataError
        Two files give modalities that cannot be told apart.
    """
    names = [name for part in parts.values() for name in part.tables]
    tables: dict[str, AnnData] = {}
    hints, barcodes, guessed = {}, {}, set()
    for stem, part in parts.items():
        for own, table in part.tables.items():
            name = own
            if names.count(own) > 1:
                name = stem if len(part.tables) == 1 else f"{stem}_{own}"
            elif own in part.guessed:
                guessed.add(own)
            if name in tables:
                raise DataError(
                    f"Expected one modality per name, found {name!r} twice. Rename one of the files or modalities."
                )
            tables[name], barcodes[name] = table, part.barcodes_of(own)
            hints[name] = part.hints.get(own, stem) and stem
    holders = []
    for stem, part in parts.items():
        holders += part.holders if len(part.holders) > 1 else [holder._replace(label=stem) for holder in part.holders]
    notes = [note for part in parts.values() for note in part.notes]
    first = next(iter(parts.values()))  # the one whose coordinates go before others
    pyramids = {key: one for part in reversed(list(parts.values())) for key, one in part.pyramids.items()}
    return Found(
        tables,
        holders,
        hints,
        notes,
        barcodes=barcodes,
        guessed=guessed,
        pyramids=pyramids,
        outlines=first.outlines,
    )


def _with_features(adata: AnnData, columns: np.ndarray) -> AnnData:
    """Return a table of some features: values, layers and names, without the rest that `adata` carries."""
    values = None if adata.X is None else adata.X[:, columns]
    layers = {key: layer[:, columns] for key, layer in layers_of(adata).items()}
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
    column = column_of_feature_types(var)
    if column is None:
        return np.full(len(var), ""), []
    types = var[column].astype(str)
    kinds = {text: kind_of_feature_type(text) or ("rna" if is_biotype(text) else None) for text in types.unique()}
    names = {text: SHORT_NAMES.get(kind, "") if kind else "" for text, kind in kinds.items()}
    other = sorted(text for text, name in names.items() if not name)
    notes = (
        [f"Left out features of type {', '.join(other)}: no modality is known for them."]
        if other and any(names.values())
        else []
    )
    if column != "feature_types":
        notes.append(f"Modalities are told apart by var[{column!r}].")
    return types.map(names).to_numpy(), notes


def _short_name(adata: AnnData, hint: str) -> tuple[str, bool]:
    """Return rna, adt or atac after the kind of a lone table, else the hint; and whether that is a guess.

    What is called after something else that is measured, such as metabolites, keeps its name.
    """
    kind = kind_from_names(adata.var, "", hint)
    guess, by = (None, "") if kind else guess_kind(adata)
    if by == BY_VALUES and is_another_measurement(hint):
        return hint, True
    name = SHORT_NAMES.get(kind or guess or "precomputed", hint or "features")
    return name, guess is not None
