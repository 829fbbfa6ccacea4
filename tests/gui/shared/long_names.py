"""A section in which everything that people name has a long name."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

LONG = "ALongNameWithoutAnySpaceInItThatSomebodyGaveToThisThingIn2026"
SPACED = "A long name with spaces in it that somebody gave to this thing in 2026"


def renamed(dataset):
    """Return a dataset with long names of itself, its modalities, features, columns and categories."""
    modalities = {}
    for number, (key, one) in enumerate(dataset.modalities.items()):
        table = one.table.copy()
        table.var_names = [f"{LONG}_{number}_{name}" for name in table.var_names]
        name = f"{key}_{LONG}"
        modalities[name] = replace(one, name=name, table=table)
    columns = pd.Categorical.from_codes([k % 3 for k in range(dataset.n_spots)], [f"{LONG}_{k}" for k in range(3)])
    obs = dataset.obs.assign(**{f"{LONG}_column": columns, SPACED: columns})
    return replace(dataset, name=f"slice_{LONG}", modalities=modalities, obs=obs, notes=(f"{SPACED}: {LONG}.",))


def named(result):
    """Return a result whose domains have long names."""
    from napari_trsmi import edits

    for domain in range(result.partition.n_domains):
        result = edits.rename(result, domain, f"{LONG} {domain}")
    return result
