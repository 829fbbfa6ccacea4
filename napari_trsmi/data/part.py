"""The part of a study's result that belongs to one section."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset, Place
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
    segments, edges = _within(result.boundaries, result.boundary_edges, rows, dataset.places[number])
    partition = result.partition
    part = dataset.parts[number]
    return replace(
        result,
        dataset=part,
        # What a person said of spots of the study names them otherwise, and of other sections too.
        config=result.config.model_copy(update={"constraints": ()}),
        partition=replace(partition, labels=partition.labels[rows], posterior=partition.posterior[rows]),
        embedding=result.embedding[rows],
        correspondences={
            pair: matrix[rows][:, rows]
            for pair, matrix in result.correspondences.items()
            if set(pair) <= set(part.modalities)
        },
        modality_weights=_weights(result, part, rows),
        boundaries=segments,
        boundary_edges=edges,
        maps={key: values[rows] for key, values in result.maps.items()},
        predicted={key: values[rows] for key, values in result.predicted.items() if np.isfinite(values[rows]).any()},
        cuts=None if result.cuts is None else result.cuts[rows],
        state=None,
    )


def _weights(result: Result, part: Dataset, rows: np.ndarray) -> np.ndarray | None:
    """Return the weights of the modalities that a section has, (n, M), in its order; rows sum to 1."""
    if result.modality_weights is None:
        return None
    names = list(result.dataset.modalities)
    weights = result.modality_weights[rows][:, [names.index(name) for name in part.modalities]]
    total = weights.sum(axis=1, keepdims=True)
    even = np.full_like(weights, 1 / weights.shape[1])
    return np.divide(weights, total, out=even, where=total > 0)


def _within(
    segments: pd.DataFrame | None, edges: pd.DataFrame | None, rows: np.ndarray, place: Place
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the boundaries of a section, numbered anew and in its own coordinates; each lies within one."""
    if segments is None or edges is None:
        return segments, edges
    at_row = {int(row): at for at, row in enumerate(rows)}
    own = edges[edges["i"].isin(rows)].copy()
    own["i"], own["j"] = (own[end].map(at_row).astype(int) for end in ("i", "j"))
    kept = np.flatnonzero(segments["segment"].isin(own["segment"]))
    numbers = {int(segment): at for at, segment in enumerate(segments["segment"].iloc[kept])}
    own["segment"] = own["segment"].map(numbers).astype(int)
    found = segments.iloc[kept].reset_index(drop=True)
    found["segment"] = found.index
    return _moved(found, place), _moved(own.reset_index(drop=True), place)


def _moved(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Return a table with its places and lengths, which are those of a study, in the coordinates of a section."""
    for ends, start in (("x", place.x), ("y", place.y)):
        for column in (ends, f"{ends}0", f"{ends}1"):
            if column in frame:
                frame[column] = (frame[column] - start) / place.scale
    if "length" in frame:
        frame["length"] = frame["length"] / place.scale
    return frame
