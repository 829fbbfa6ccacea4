"""A stored table without what no reader looks at: graphs of the spots, and layers that are not called after values.

Files that were worked on before often hold the values several times over: a scaled, dense layer of a large section
alone can be larger than the memory. A copy of the input takes it from the file. Large sparse matrices stay on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.readers.layers import may_hold_values
from napari_trsmi.data.readers.on_disk import is_large, mapped

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_GRAPHS = ("obsp", "varp")


@dataclass(frozen=True)
class Modalities:
    """What is looked at of a stored MuData, called as it is there.

    Attributes
    ----------
    mod
        {modality: AnnData} in the order of the file.
    obs
        (N, ...) annotations of all spots.
    obsm, uns
        What lies beside them.
    obsmap
        {modality: (N,) row of each spot in it, counted from 1; 0 where it lacks the spot}.
    """

    mod: dict[str, AnnData]
    obs: pd.DataFrame
    obsm: Mapping[str, Any]
    uns: Mapping[str, Any]
    obsmap: Mapping[str, Any]

    @property
    def obs_names(self) -> pd.Index:
        """Names of all spots."""
        return self.obs.index


def read_needed(group: Any) -> AnnData | None:
    """Return the table in an open HDF5 file or zarr group, without what is not looked at; None where that is all of it.

    Old files, which say of none of their parts what it is, are left to anndata as well.
    """
    from anndata.experimental import read_dispatched

    if group.attrs.get("encoding-type") != "anndata" or "raw.X" in group or not _has_more(group):
        return None

    own = group.name.strip("/")

    def read(func: Callable[[Any], Any], name: str, elem: Any, iospec: Any) -> Any:
        part = name.strip("/").removeprefix(own).strip("/")
        if part in _GRAPHS:
            return {}
        if part == "layers":
            return {key: _read(elem[key]) for key in elem if may_hold_values(key)}
        found = mapped(elem) if is_large(elem) else None
        return func(elem) if found is None else found

    table: AnnData = read_dispatched(group, read)
    return table


def read_needed_modalities(group: Any) -> Modalities | None:
    """Return what is looked at of the MuData in an open HDF5 file or zarr group; None where that is all of it.

    Old files, which say of none of their parts what it is, are left to mudata as well.
    """
    from anndata.io import read_elem

    stored = group["mod"]
    written = all(stored[name].attrs.get("encoding-type") == "anndata" for name in stored)
    if not written or group["obs"].attrs.get("encoding-type") != "dataframe":
        return None
    if not any(map(_has_more, (group, *(stored[name] for name in stored)))):
        return None
    order = [str(name) for name in stored.attrs.get("mod-order", ())]
    mod = {}
    for name in order if set(order) == set(stored) else stored:
        table = read_needed(stored[name])
        mod[name] = read_elem(stored[name]) if table is None else table
    beside = {part: read_elem(group[part]) if part in group else {} for part in ("obsm", "uns", "obsmap")}
    return Modalities(mod, read_elem(group["obs"]), **beside)


def _read(part: Any) -> Any:
    from anndata.io import read_elem

    found = mapped(part) if is_large(part) else None
    return read_elem(part) if found is None else found


def _has_more(group: Any) -> bool:
    """Return whether a table has what is left out, or left on the disk."""
    layers = group.get("layers", {})
    values = [group[name] for name in ("X", "raw/X") if name in group]
    if any(is_large(part) for part in (*values, *(layers[key] for key in layers))):
        return True
    return any(len(group[name]) for name in _GRAPHS if name in group) or not all(map(may_hold_values, layers))
