"""Changes to the measured numbers and the coordinates themselves: any may be refused, none may end in a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.originals import sections
from fuzzing.structure import stored

_NUMBERS = (np.nan, np.inf, -np.inf, -1.0, -0.0, 0.5, 1e-300, 1e300, 1e12, 3e38, 2**31, 2**53 + 1, 65504.0)


def changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return the section with other numbers in one of its tables."""
    case, tables = Case(values=False, coords=False), sections()
    name = str(chosen(rng, list(tables)))
    table = tables[name]
    numbers = table.X.toarray().astype(float)
    share = float(chosen(rng, [0.001, 0.05, 0.5, 1.0]))
    where = rng.random(numbers.shape) < share
    how = str(
        chosen(rng, ["some", "same", "empty", "rows", "columns", "logged", "scaled", "signed", "coords", "twins"])
    )
    value = float(chosen(rng, _NUMBERS))
    if how == "some":
        numbers[where] = value
    elif how == "same":
        numbers[:] = value
    elif how == "empty":
        numbers[:] = 0
    elif how == "rows":
        numbers[rng.random(len(numbers)) < share] = chosen(rng, [0.0, value])
    elif how == "columns":
        numbers[:, rng.random(numbers.shape[1]) < share] = chosen(rng, [0.0, value])
    elif how == "logged":
        numbers = np.log1p(numbers)
    elif how == "scaled":
        numbers = (numbers - numbers.mean(axis=0)) * chosen(rng, [1.0, 1e-20, 1e20])
    elif how == "signed":
        numbers = np.arcsinh(numbers / 5) - chosen(rng, [0.0, 0.5])
    elif how == "twins":
        numbers[:] = numbers[:2].repeat(len(numbers) // 2, axis=0)
    else:
        table.obsm["spatial"][rng.random(table.n_obs) < share] *= value
    if how != "coords":
        with np.errstate(over="ignore"):
            form = chosen(rng, [np.asarray, sparse.csr_matrix])
            table.X = form(numbers.astype(str(chosen(rng, ["f4", "f8"]))))
    if rng.random() < 0.2 and table.n_vars > 1:
        tables["adt" if name == "rna" else "rna"] = table.copy()  # one modality twice
    case.changes.append(f"{name}: {how} {value:g} in {share:.1%}")
    try:
        case.paths = stored(tables, rng, folder, case)
    except ValueError as error:
        raise NotMade(str(error)) from error
    return case
