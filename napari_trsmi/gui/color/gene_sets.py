"""Gene sets as something to colour by: a list that a person typed, or a set of a GMT file, as one score per spot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_trsmi.data import feature_names
from napari_trsmi.errors import DataError
from napari_trsmi.gui.finding.maps import GENE_SET, clipped_limits, scaled
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.interrupt import check
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_trsmi.data.dataset import Dataset

GENES_AT_ONCE = 32  # whose values are in memory together


class Found(NamedTuple):
    """Which features of a modality a list of genes names.

    Attributes
    ----------
    places
        Their numbers in the table.
    missing
        Names that none has.
    """

    places: list[int]
    missing: list[str]


def genes_in(text: str) -> list[str]:
    """Return the names in a text, with commas, semicolons, spaces or lines between; each once.

    Examples
    --------
    >>> genes_in("CD3D, CD3E;CD8A CD3D")
    ['CD3D', 'CD3E', 'CD8A']
    """
    return list(dict.fromkeys(re.findall(r"[^\s,;]+", text)))


def find(dataset: Dataset, modality: str, genes: Sequence[str]) -> Found:
    """Return which features of a modality are named, by symbol or name in the table; upper and lower case are one."""
    var = dataset.modalities[modality].table.var
    places: dict[str, int] = {}
    for names in (feature_names.labels(var), [str(name) for name in var.index], *feature_names.identifiers(var)):
        for place, name in enumerate(names):
            places.setdefault(name.casefold(), place)
    there = [places[gene.casefold()] for gene in genes if gene.casefold() in places]
    return Found(list(dict.fromkeys(there)), [gene for gene in genes if gene.casefold() not in places])


def score(dataset: Dataset, modality: str, name: str, genes: Sequence[str]) -> Coloring:
    """Return the spots coloured by the mean z-score of the genes of a set, in the scale in which one gene is shown.

    A gene that is the same in all spots counts as 0. Spots at which the modality was not measured have no value.

    Raises
    ------
    DataError
        None of the genes is in the modality.
    """
    places = find(dataset, modality, genes).places
    if not places:
        some = ", ".join(list(genes)[:3]) or "no gene"
        raise DataError(f"Expected genes of {modality}, found {some}, which it does not have. Check the names.")
    found = dataset.modalities[modality]
    total = np.zeros(dataset.n_spots)
    for begin in range(0, len(places), GENES_AT_ONCE):
        check()
        some_columns = found.table.X[:, places[begin : begin + GENES_AT_ONCE]]
        dense = some_columns.toarray() if hasattr(some_columns, "toarray") else np.asarray(some_columns)
        values, _ = scaled(found, dense.astype(float))
        spread = np.nanstd(values, axis=0)
        total += ((values - np.nanmean(values, axis=0)) / np.where(spread > 0, spread, 1.0)).sum(axis=1)
    values = total / len(places)
    genes_said = many(len(places), "gene")
    title = f"{name} (mean z of {genes_said} of {modality})"
    return Coloring(title, values, limits=clipped_limits(values), of=(GENE_SET, name))
