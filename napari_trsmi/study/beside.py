"""Which domains lie beside which more often than chance, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result


def neighbours(result: Result, *, n_perms: int = 1000) -> pd.DataFrame:
    """Return how often domains lie beside each other in each section, against their spots dealt anew.

    Parameters
    ----------
    result
        Domains of a study, or of one section.
    n_perms
        How often the labels of a section are dealt anew.

    Returns
    -------
    One row per section and pair of domains that it has, either order: ``section``, ``domain``, ``neighbour``,
    ``edges`` (of the spatial graph, either direction) and ``z``, which is above 0 where there are more than by chance,
    as squidpy's `nhood_enrichment` finds it.

    Raises
    ------
    DataError
        squidpy is not installed.
    ConfigError
        Dealt anew less than once.
    """
    import pandas as pd

    if n_perms < 1:
        raise ConfigError(f"Expected labels to be dealt anew once or more, found {n_perms} times. Raise it.")
    try:
        import squidpy
    except ImportError as error:
        raise DataError(
            "Expected squidpy for the neighbours of domains, found none. Install it with: pip install squidpy"
        ) from error
    from anndata import AnnData

    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.interrupt import check

    tables = []
    sections = result.dataset.section_names or (result.dataset.name,)
    for name, rows in zip(sections, result.dataset.sections, strict=True):
        check()
        labels = result.labels[rows]
        found = np.unique(labels)
        if len(found) < 2:
            continue
        domains = pd.Categorical.from_codes(np.searchsorted(found, labels), [result.names[k] for k in found])
        graph = spatial_graph(result.coords[rows], result.config.graph.k_spatial)
        section = AnnData(
            obs=pd.DataFrame({"domain": domains}, index=result.obs_names[rows].astype(str)),
            obsp={"spatial_connectivities": graph},
        )
        z, edges = squidpy.gr.nhood_enrichment(
            section, "domain", n_perms=n_perms, seed=result.config.seed, copy=True, show_progress_bar=False
        )[:2]
        a, b = (axis.ravel() for axis in np.indices(z.shape))
        called = np.array([result.names[k] for k in found])
        one = {"domain": called[a], "neighbour": called[b], "edges": np.asarray(edges, int).ravel(), "z": z.ravel()}
        tables.append(pd.DataFrame({"section": name, **one}))
    if not tables:
        return pd.DataFrame(columns=["section", "domain", "neighbour", "edges", "z"])
    return pd.concat(tables, ignore_index=True)
