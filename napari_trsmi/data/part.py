"""The part of a study's result that belongs to one section."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.records import Partition

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result


def part_of(result: Result, name: str) -> Result:
    """Return the part of one section, see `Result.of`.

    Domains, colours and names are those of the study: a domain that the section lacks owns no spot. Correspondences
    keep the entries within the section, so that rows of spots that point elsewhere too sum to less than 1.
    """
    dataset = result.dataset
    if not dataset.parts:
        from napari_trsmi.errors import DataError

        if name != dataset.name:
            raise DataError(f"Expected the section {dataset.name!r}, found {name!r}. Use its name.")
        return result
    number = dataset.number_of(name)
    rows = dataset.sections[number]
    segments, edges = _within(result.boundaries, result.boundary_edges, rows)
    partition = result.partition
    return replace(
        result,
        dataset=dataset.parts[number],
        partition=Partition(partition.labels[rows], partition.posterior[rows], partition.method, partition.strength),
        embedding=result.embedding[rows],
        correspondences={pair: matrix[rows][:, rows] for pair, matrix in result.correspondences.items()},
        modality_weights=None if result.modality_weights is None else result.modality_weights[rows],
        boundaries=segments,
        boundary_edges=edges,
        maps={key: values[rows] for key, values in result.maps.items()},
        predicted={key: values[rows] for key, values in result.predicted.items() if np.isfinite(values[rows]).any()},
        cuts=None if result.cuts is None else result.cuts[rows],
        state=None,
    )


def _within(
    segments: pd.DataFrame | None, edges: pd.DataFrame | None, rows: np.ndarray
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the boundaries of a section, numbered anew; each lies within one."""
    if segments is None or edges is None:
        return segments, edges
    place = {int(row): at for at, row in enumerate(rows)}
    own = edges[edges["i"].isin(rows)].copy()
    own["i"], own["j"] = (own[end].map(place).astype(int) for end in ("i", "j"))
    kept = np.flatnonzero(segments["segment"].isin(own["segment"]))
    numbers = {int(segment): at for at, segment in enumerate(segments["segment"].iloc[kept])}
    own["segment"] = own["segment"].map(numbers).astype(int)
    found = segments.iloc[kept].reset_index(drop=True)
    found["segment"] = found.index
    return found, own.reset_index(drop=True)
