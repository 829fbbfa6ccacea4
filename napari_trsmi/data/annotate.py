"""The keys a result leaves in an AnnData or MuData."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.own_columns import write_own_columns
from napari_trsmi.data.plain import plain
from napari_trsmi.data.provenance import record
from napari_trsmi.data.study_tables import sections_frame
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import are_all

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

DOMAIN, CONFIDENCE, RUNNER_UP, ENTROPY = "trsmi_domain", "trsmi_confidence", "trsmi_runner_up", "trsmi_entropy"
COLORS, RECORD, STATE = "trsmi_domain_colors", "trsmi", "trsmi_state"
EMBEDDING, POSTERIOR, MODALITY_WEIGHTS = "X_trsmi", "trsmi_posterior", "trsmi_modality_weights"
CUTS = "trsmi_cuts"
MAP = "trsmi_"  # followed by the name of the map
PREDICTED = "trsmi_predicted_"  # followed by the modality
CORRESPONDENCE = "trsmi_S_"  # followed by <rows' modality>_<columns' modality>
OURS = (EMBEDDING, POSTERIOR, MODALITY_WEIGHTS, CUTS, PREDICTED, CORRESPONDENCE)


def annotate(
    result: Result, target: AnnData | MuData, rows: Mapping[str, np.ndarray] | None = None, *, copy: bool = True
) -> tuple[str, ...]:
    """Write a result's keys into `target`, in place, and return their names.

    Spots of `target` that were not analysed get a missing domain, NaN, and empty rows in ``obsp``. Keys of an earlier
    run are replaced. In a MuData every modality also gets the domains, their colours, the confidence and the embedding.

    Parameters
    ----------
    result
        The result of N spots.
    target
        Holds at least the N spots, in any order.
    rows
        {table: (N,) int row of each spot in it, -1 where it lacks the spot}; ``""`` is `target` itself, other keys are
        tables of a MuData, as in `Dataset.rows`. Tables that are not in it are searched for the spots.
    copy
        Whether every table gets an embedding of its own. Where not, those with all spots in order share the result's,
        which is the largest part of it: for what is written and then forgotten.

    Raises
    ------
    DataError
        Spots of the result are missing from `target`, or its barcodes are not unique.
    """
    rows = rows or {}
    places = rows[""] if "" in rows else find_rows(result.dataset, target)
    if missing := int((places < 0).sum()):
        raise DataError(
            f"Expected all {len(places)} analysed spots in the object to annotate, found {missing} missing. "
            "Give the object that was analysed."
        )
    keys: list[str] = []
    for name, table in getattr(target, "mod", {}).items():
        there = rows[name] if name in rows else find_rows(result.dataset, table, name)
        own = _annotate_spots(result, table, spots_at(there, table.n_obs), copy)
        keys += [f"{name}: {key}" for key in own]
    spots = spots_at(places, target.n_obs)
    keys += _annotate_spots(result, target, spots, copy)
    keys += _annotate_details(result, target, spots, places)
    keys.append(f'uns["{RECORD}"]')
    target.uns.pop(STATE, None)
    if result.state is not None:
        target.uns[STATE] = np.frombuffer(bytes(result.state), np.uint8)
        keys.append(f'uns["{STATE}"]')
    target.uns[RECORD] = json.dumps({**record(result), "boundaries": _frame(result.boundaries), "keys": keys})
    return tuple(keys)


def find_rows(dataset: Dataset, table: AnnData | MuData, key: str = "") -> np.ndarray:
    """Return (N,) int row in `table` of each spot of `dataset`, -1 where it lacks the spot.

    A table with the spots in the rows from which they were read is taken to be the one that was read. In any other the
    spots are found by their names. Where there are none of those either, names in the rows read that differ by their
    ends will do: names that were made unique, or a suffix that was left out.

    Parameters
    ----------
    key
        Which of `Dataset.rows` the table may be; where there is no such, any.

    Raises
    ------
    DataError
        The names of `table` are needed and not unique.
    """
    import pandas as pd

    names, spots = table.obs_names.to_numpy(dtype=str), dataset.obs_names
    known = [dataset.rows[key]] if key in dataset.rows else list(dataset.rows.values())
    fitting = [rows for rows in known if len(rows) and (rows >= 0).any() and rows.max() < len(names)]
    for rows in fitting:
        if (names[rows[rows >= 0]] == spots[rows >= 0]).all():
            return rows
    index = pd.Index(names)
    found: np.ndarray = index.get_indexer(pd.Index(spots)) if index.is_unique else np.full(len(spots), -1)
    if (found >= 0).any():
        return found
    for rows in fitting:
        there, here = names[rows[rows >= 0]], spots[rows >= 0]
        if (np.char.startswith(there, here) | np.char.startswith(here, there)).all():
            return rows
    if not index.is_unique:
        raise DataError("Expected unique barcodes in the object to annotate, found some twice. Make obs_names unique.")
    return found


def domains_frame(result: Result, rows: np.ndarray | None = None) -> pd.DataFrame:
    """Return domain, confidence, runner-up and entropy of the spots `rows` of the result (all by default).

    A row of -1 stands for a spot that was not analysed.
    """
    import pandas as pd

    rows = np.arange(len(result.labels)) if rows is None else rows
    known = rows >= 0

    def domains(labels: np.ndarray) -> pd.Categorical:
        return pd.Categorical.from_codes(np.where(known, labels[rows], -1), categories=list(result.names), ordered=True)

    def numbers(values: np.ndarray) -> np.ndarray:
        return np.where(known, values[rows], np.float32(np.nan)).astype(np.float32)

    return pd.DataFrame(
        {
            DOMAIN: domains(result.labels),
            CONFIDENCE: numbers(result.confidence),
            RUNNER_UP: domains(result.partition.runner_up),
            ENTROPY: numbers(result.partition.entropy),
            **{f"{MAP}{name}": numbers(values) for name, values in result.maps.items()},
        }
    )


def spots_at(rows: np.ndarray, n_rows: int) -> np.ndarray:
    """(n_rows,) int spot that lies in each row of a table, -1 in the others, from the (N,) rows of the spots."""
    spots = np.full(n_rows, -1, dtype=np.int64)
    spots[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
    return spots


def _annotate_spots(result: Result, target: AnnData | MuData, rows: np.ndarray, copy: bool) -> list[str]:
    """Domains, confidence, runner-up, entropy, colours, embedding, columns of one's own; of a study also sections."""
    import pandas as pd

    frame = pd.concat([sections_frame(result.dataset, rows), domains_frame(result, rows)], axis=1)
    for key in frame:
        target.obs[key] = frame[key].array
    target.uns[COLORS] = np.array(result.palette, dtype=object)
    shared = not copy and result.embedding.dtype == np.float32 and are_all(rows, len(result.embedding))
    target.obsm[EMBEDDING] = result.embedding if shared else _spread(result.embedding, rows)
    own = write_own_columns(result.dataset, target, rows)
    return [*(f'obs["{key}"]' for key in frame), f'uns["{COLORS}"]', f'obsm["{EMBEDDING}"]', *own]


def _annotate_details(result: Result, target: AnnData | MuData, spots: np.ndarray, places: np.ndarray) -> list[str]:
    """Posterior, weights, other cuts, predictions, correspondences; `spots` by row of the target, `places` by spot."""
    for key in [key for key in target.obsp if key.startswith(CORRESPONDENCE)]:
        del target.obsp[key]
    for key in [key for key in target.obsm if key in (MODALITY_WEIGHTS, CUTS) or key.startswith(PREDICTED)]:
        del target.obsm[key]
    for key in [key for key in target.uns if key.startswith(PREDICTED)]:
        del target.uns[key]
    target.obsm[POSTERIOR] = _spread(result.partition.posterior, spots)
    keys = [f'obsm["{POSTERIOR}"]']
    if result.modality_weights is not None:
        target.obsm[MODALITY_WEIGHTS] = _spread(result.modality_weights, spots)
        keys.append(f'obsm["{MODALITY_WEIGHTS}"]')
    if result.cuts is not None and result.cuts.shape[1]:
        target.obsm[CUTS] = _spread(result.cuts, spots)  # as floats: MuData aligns no other numbers
        keys.append(f'obsm["{CUTS}"]')
    for name, values in result.predicted.items():
        target.obsm[f"{PREDICTED}{name}"] = _spread(values, spots)
        keys.append(f'obsm["{PREDICTED}{name}"]')
        if name in result.dataset.modalities:  # else a part of a study, which does not know its features
            features = result.dataset.modalities[name].table.var_names
            target.uns[f"{PREDICTED}{name}"] = features.to_numpy(dtype=object)
            keys.append(f'uns["{PREDICTED}{name}"]')
    for (first, second), correspondence in result.correspondences.items():
        entries = sparse.coo_matrix(correspondence)
        key = f"{CORRESPONDENCE}{first}_{second}"
        target.obsp[key] = sparse.csr_matrix(
            (entries.data, (places[entries.row], places[entries.col])), shape=(len(spots), len(spots))
        )
        keys.append(f'obsp["{key}"]')
    return keys


def _spread(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(n, width) float32 rows of `values` (N, width), NaN where the row is -1."""
    spread = np.full((len(rows), values.shape[1]), np.nan, dtype=np.float32)
    spread[rows >= 0] = values[rows[rows >= 0]]
    return spread


def _frame(frame: pd.DataFrame | None) -> Any:
    """Return a table as JSON-ready columns, None for none."""
    return None if frame is None else plain(frame.to_dict("list"))
