"""A stored table without what no reader looks at: graphs of the spots, and layers that are not called after values.

Files that were worked on before often hold the values several times over: a scaled, dense layer of a large section
alone can be larger than the memory. A copy of the input takes it from the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.readers.layers import may_hold_values

if TYPE_CHECKING:
    from anndata import AnnData

_GRAPHS = ("obsp", "varp")


def read_needed(group: Any) -> AnnData | None:
    """Return the table in an open HDF5 file or zarr group, without what is not looked at; None where that is all of it.

    Old files, which say of none of their parts what it is, are left to anndata as well.
    """
    from anndata.experimental import read_dispatched
    from anndata.io import read_elem

    if group.attrs.get("encoding-type") != "anndata" or "raw.X" in group or not _has_more(group):
        return None

    def read(func: Callable[[Any], Any], name: str, elem: Any, iospec: Any) -> Any:
        part = name.strip("/")
        if part in _GRAPHS:
            return {}
        if part == "layers":
            return {key: read_elem(elem[key]) for key in elem if may_hold_values(key)}
        return func(elem)

    table: AnnData = read_dispatched(group, read)
    return table


def _has_more(group: Any) -> bool:
    layers = group.get("layers", ())
    return any(len(group[name]) for name in _GRAPHS if name in group) or not all(map(may_hold_values, layers))
