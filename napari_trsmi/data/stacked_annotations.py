"""The annotations of the spots of several sections as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from napari_trsmi.data.dataset import Dataset


def stacked_annotations(parts: Sequence[Dataset], obs_names: np.ndarray) -> pd.DataFrame:
    """Return the annotations of all sections under (N,) names; a column that one lacks has missing values there."""
    import pandas as pd

    whole = _incomplete_integers(parts)
    frames = []
    for part in parts:
        kinds = {c: object for c in part.obs.select_dtypes("category")} | {c: "Int64" for c in part.obs if c in whole}
        frames.append(part.obs.astype(kinds))
    together = pd.concat(frames).set_axis(pd.Index(obs_names.astype(str)))
    for column in together:
        if any(column in part.obs and isinstance(part.obs[column].dtype, pd.CategoricalDtype) for part in parts):
            together[column] = together[column].astype("category")
    return together


def _incomplete_integers(parts: Sequence[Dataset]) -> set[str]:
    """Return the columns of integers that not all sections have: they stay integers, where gaps would make them 1.0."""
    import pandas as pd

    return {
        column
        for column in set().union(*(part.obs for part in parts))
        if not all(column in part.obs for part in parts)
        and all(pd.api.types.is_integer_dtype(part.obs[column]) for part in parts if column in part.obs)
    }
