"""Proteins that lie beside the genes in ``obsm``, as totalVI and others keep them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data.readers.antibodies import is_antibody
from napari_trsmi.data.readers.kinds import kind_from_symbols
from napari_trsmi.data.readers.profile import profile_of

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_KEYS = (  # of tables without names too; the measured come first
    *("protein_expression", "protein_counts", "adt_counts", "protein_raw", "proteins", "protein", "adt"),
    *("antibody_expression", "antibody_capture", "antibodies", "antibody", "adt_expression"),
)
_NAMES = (
    *("protein_names", "adt_names", "antibody_names", "proteins", "antibodies"),
    *("protein_features", "adt_features", "adt_var_names", "protein_var_names"),
)
_PREFIXED = re.compile(r"(adt|protein|prot|ab|cite)[-_.:](?=.)|[-_.:](adt|protein|prot|ab|cite)$", re.IGNORECASE)
_SOME = 4  # columns of obs


def protein_table(adata: AnnData) -> tuple[str, AnnData] | None:
    """Return the key of ``obsm`` that holds proteins, and them as an (N, D) table; None where there are none.

    Column names come from a DataFrame, or else from ``uns["protein_names"]``. Where several hold the same proteins,
    those that are counts are taken.
    """
    import pandas as pd
    from anndata import AnnData

    found: dict[str, AnnData] = {}
    for key in sorted(adata.obsm, key=_rank):
        stored = adata.obsm[key]
        names = _names(adata, key, stored)
        values = stored.to_numpy() if isinstance(stored, pd.DataFrame) else stored
        values = values if sparse.issparse(values) else np.asarray(values)
        if names is None or values.ndim != 2 or values.dtype.kind not in "biuf" or values.shape[1] < 2:
            continue
        if _rank(key) < len(_KEYS) or kind_from_symbols(names) == "protein":
            found[key] = AnnData(values, obs=pd.DataFrame(index=adata.obs_names), var=pd.DataFrame(index=names))
    if not found:
        return None
    first = next(iter(found))
    same = (key for key, table in found.items() if set(table.var_names) == set(found[first].var_names))
    key = next((key for key in same if profile_of(found[key].X).counts), first)
    return key, found[key]


def proteins_in_obs(obs: pd.DataFrame) -> list[str]:
    """Return the columns of `obs` that are called as antibodies are and hold numbers; none where they are few."""
    numbers = [str(column) for column, dtype in obs.dtypes.items() if dtype.kind in "iuf"]
    found = [column for column in numbers if is_antibody(_PREFIXED.sub("", column)) or _PREFIXED.search(column)]
    return found if len(found) >= _SOME else []


def _names(adata: AnnData, key: str, stored: Any) -> pd.Index | None:
    """Return the names of the columns of an entry of ``obsm``; None where it is an embedding for all that is known."""
    import pandas as pd

    if isinstance(stored, pd.DataFrame):
        return stored.columns.astype(str)
    if len(getattr(stored, "shape", ())) != 2:
        return None
    known = _rank(key) < len(_KEYS)
    there = {str(name).lower(): value for name, value in reversed(list(adata.uns.items()))}
    for name in (f"{key}_names".lower(), *(_NAMES if known else ())):
        found = there.get(name)
        if found is not None and np.shape(found) == (stored.shape[1],):
            return pd.Index(np.asarray(found).astype(str))
    return pd.Index([f"protein_{i + 1}" for i in range(stored.shape[1])]) if known else None


def _rank(key: str) -> int:
    """Return the place of a key among those known to hold proteins, or what is behind the last."""
    bare = re.sub(r"[\W_]+", "_", str(key).lower())
    return _KEYS.index(bare) if bare in _KEYS else len(_KEYS)
