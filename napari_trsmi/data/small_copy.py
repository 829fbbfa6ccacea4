"""A result in a file of its own, without the measurements: for a section that is opened from its own files anyway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.data.annotate import annotate

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result


def write_small(result: Result, path: str | Path) -> Path:
    """Write domains, embedding, boundaries, review and state of training to an ``.h5ad``, and return its path.

    `restoring.restore_on` reads it again, over the section that the result is of.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    import anndata
    import pandas as pd

    dataset = result.dataset
    table = anndata.AnnData(obs=pd.DataFrame(index=pd.Index(dataset.obs_names.astype(str).astype(object))))
    annotate(result, table, {"": np.arange(dataset.n_spots)})
    with replacing(path) as temporary:
        table.write_h5ad(temporary, compression="gzip", compression_opts=1)
    return Path(path)
