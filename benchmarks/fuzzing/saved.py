"""Changes to saved results: their record, what stands per spot, colours, and the state of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.documents import hostile, text
from fuzzing.originals import copied, put

_ODD: tuple[Any, ...] = ("", "text", 3, None, np.zeros(0), np.arange(4), {"a": 1}, np.array(["#ff0000"], object), b"x")


def changed(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a result whose record or whose values were changed."""
    name = str(chosen(rng, ["result.h5mu", "result.h5ad", "result.zarr"]))
    case = Case([copied(originals / name, folder)], values=False, opens="result")
    from napari_trsmi.data.tables import read_table

    table = read_table(case.paths[0])
    for _ in range(int(rng.integers(1, 3))):
        change = chosen(rng, [_record, _record, _record, _spots, _colors, _arrays, _state, _rows])
        try:
            table = change(table, rng, case) or table
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise NotMade(str(error)) from error
    target = folder / f"changed{case.paths[0].suffix}"
    try:
        put(table, target)
    except Exception as error:
        raise NotMade(str(error)) from error
    case.paths = [target]
    return case


def _record(table: Any, rng: np.random.Generator, case: Case) -> None:
    """Change the record of the run."""
    document, what = hostile(json.loads(str(table.uns["trsmi"])), rng)
    made: Any = text(document, rng)
    if rng.random() < 0.1:
        made = chosen(rng, _ODD)
    table.uns["trsmi"] = made
    case.changes.append(f"record: {what}")


def _spots(table: Any, rng: np.random.Generator, case: Case) -> None:
    """Change or lose a column."""
    key = str(chosen(rng, [key for key in table.obs if key.startswith("trsmi_")]))
    n = table.n_obs
    odd = [
        *(np.full(n, np.nan), np.full(n, "text"), np.full(n, 1e30), np.arange(n), np.full(n, -1.0), np.full(n, True)),
        *(np.array([f"d{i}" for i in range(n)]), table.obs[key].astype(str).to_numpy(), np.full(n, 1 + 1j)),
    ]
    if rng.random() < 0.2:
        del table.obs[key]
    else:
        table.obs[key] = chosen(rng, odd)
    case.changes.append(f"obs: {key}")


def _colors(table: Any, rng: np.random.Generator, case: Case) -> None:
    """Change or lose the colours."""
    key = "trsmi_domain_colors"
    del table.uns[key]
    odd = [
        *_ODD,
        np.array(["#zz0000"] * 3, object),
        np.array(["red"] * 3, object),
        np.zeros((3, 4)),
        np.array(["x"] * 9),
    ]
    if rng.random() < 0.7:
        table.uns[key] = chosen(rng, odd)
    case.changes.append("colours")


def _arrays(table: Any, rng: np.random.Generator, case: Case) -> None:
    """Change, lose, narrow or widen what stands per spot in obsm and obsp."""
    keys = [("obsm", key) for key in table.obsm if "trsmi" in key] + [
        ("obsp", key) for key in table.obsp if "trsmi" in key
    ]
    holder, key = keys[int(rng.integers(len(keys)))]
    values = getattr(table, holder)[key]
    how = str(chosen(rng, ["lost", "nan", "narrow", "wide", "zero", "large", "text", "negative"]))
    if how == "lost":
        del getattr(table, holder)[key]
    elif holder == "obsp":
        values = values.copy()
        values.data[:: int(chosen(rng, [1, 50]))] = {"nan": np.nan, "large": 1e30, "negative": -1.0}.get(how, 0.0)
        table.obsp[key] = values
    else:
        values = np.array(values)
        some = rng.random(len(values)) < chosen(rng, [0.01, 1.0])
        if how == "narrow":
            values = values[:, : int(rng.integers(values.shape[1]))]
        elif how == "wide":
            values = np.column_stack([values, values])
        elif how == "text":
            values = values.astype(str).astype(object)
        else:
            values[some] = {"nan": np.nan, "large": 1e30, "negative": -1.0}.get(how, 0.0)
        table.obsm[key] = values
    case.changes.append(f"{holder}: {key} {how}")


def _state(table: Any, rng: np.random.Generator, case: Case) -> None:
    """Change the state of training, which may never be unpickled."""
    odd = [
        np.zeros(0, "u1"),
        np.frombuffer(rng.bytes(300), "u1"),
        "text",
        np.arange(9.0),
        table.uns["trsmi_state"][:99],
    ]
    table.uns["trsmi_state"] = chosen(rng, odd)
    case.changes.append("state")


def _rows(table: Any, rng: np.random.Generator, case: Case) -> Any:
    """Take some spots, in another order."""
    n = int(chosen(rng, [0, 1, 5, table.n_obs - 1, table.n_obs]))
    case.changes.append(f"{n} spots")
    return table[rng.permutation(table.n_obs)[:n]].copy()
