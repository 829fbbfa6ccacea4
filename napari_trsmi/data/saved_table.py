"""A result as it lies in a table: every part checked, for anybody may have changed the file since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Config
from napari_trsmi.data.annotate import (
    COLORS,
    CONFIDENCE,
    CORRESPONDENCE,
    CUTS,
    DOMAIN,
    EMBEDDING,
    ENTROPY,
    MAP,
    MODALITY_WEIGHTS,
    POSTERIOR,
    PREDICTED,
    RECORD,
    RUNNER_UP,
    STATE,
)
from napari_trsmi.data.recorded import is_color, read_record
from napari_trsmi.data.result import hues
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import taken

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_WIDEST = 10_000  # columns of what is kept sparse and read whole
_LARGEST = 1e9  # whose squares still are numbers
_SUMS_TO_ONE = 0.01  # how far a row of shares may be from 1
_EDGES = ("domain_a", "domain_b", "n_edges", "x", "y", "length", "confidence")  # columns of boundaries that are read
_MOST_DOMAINS = 10_000  # far above what anybody looks at, and below what an int16 holds
_VERDICTS = ("", "keep", "doubt", "reject")


def result_in(table: AnnData, path: Path) -> dict[str, Any]:
    """Return the fields of `saved.SavedResult` but its path.

    Parameters
    ----------
    table
        Holds what `annotate.annotate` writes.
    path
        Where it was read from, for the person.

    Raises
    ------
    DataError
        Something is missing, of another size or kind, or out of bounds.
    ConfigError
        The settings do not exist in this version.
    """
    recorded = read_record(str(table.uns[RECORD]), path)
    boundaries = recorded.pop("boundaries", None)
    missing = [key for key in (CONFIDENCE, ENTROPY, RUNNER_UP) if key not in table.obs]
    missing += [EMBEDDING] if EMBEDDING not in table.obsm else []
    missing += [key for key in ("modalities", "config") if key not in recorded]
    if missing:
        raise DataError(f"Expected {', '.join(missing)} beside {DOMAIN} in {path}, found none. Run trsmi fit again.")
    part = _Part(table, path)
    names, labels, spots = part.domains(recorded.get("domains", []))
    modalities = tuple(recorded["modalities"])
    keys = {(a, b): f"{CORRESPONDENCE}{a}_{b}" for a in modalities for b in modalities if a != b}
    colors, notes = part.colors(len(names), recorded.get("colors", []))
    return {
        "obs_names": table.obs_names.to_numpy(dtype=str)[spots],
        "rows": spots,
        "labels": labels[spots],
        "names": names,
        "colors": colors,
        "confidence": part.column(CONFIDENCE, spots, (0, 1)),
        "entropy": part.column(ENTROPY, spots, (0, 1)),
        "runner_up": part.runner_up(names, recorded.get("domains", []))[spots],
        "embedding": part.matrix(EMBEDDING, spots),
        "posterior": part.shares(POSTERIOR, spots, len(names)) if POSTERIOR in table.obsm else None,
        "modality_weights": part.shares(MODALITY_WEIGHTS, spots, len(modalities))
        if MODALITY_WEIGHTS in table.obsm
        else None,
        "cuts": part.cuts(spots) if CUTS in table.obsm else None,
        "modalities": modalities,
        "config": Config.from_json(json.dumps(recorded["config"])),
        "correspondences": {pair: part.graph(key, spots) for pair, key in keys.items() if key in table.obsp},
        "boundaries": None if boundaries is None else part.boundaries(boundaries, len(names)),
        "maps": {
            name: part.column(f"{MAP}{name}", spots) for name in recorded.get("maps", []) if f"{MAP}{name}" in table.obs
        },
        "predicted": {
            key.removeprefix(PREDICTED): part.predicted(key, spots) for key in table.obsm if key.startswith(PREDICTED)
        },
        "provenance": recorded,
        "state": part.state() if STATE in table.uns else None,
        "notes": notes,
    }


class _Part:
    """The parts of a result in a table, each as it must be or a `DataError`."""

    def __init__(self, table: AnnData, path: Path) -> None:
        self.table, self.path = table, path

    def _wrong(self, where: str, expected: str, found: str) -> DataError:
        return DataError(f"Expected {expected} in {where} of {self.path}, found {found}. Run trsmi fit again.")

    def domains(self, known: list[str]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """Return the names of the domains, the domain of each row (-1 for none), and the rows that have one.

        Names that no row has any more, since rows were taken away, are those in the record.
        """
        import pandas as pd

        values = self.table.obs[DOMAIN].astype("category").cat
        names, codes = tuple(map(str, values.categories)), values.codes.to_numpy(dtype=np.int64)
        if set(names) <= set(known) and len(set(known)) == len(known):
            among = pd.Index(known).get_indexer(pd.Index(names))
            names, codes = tuple(known), np.where(codes >= 0, among[codes], -1)
        elif len(names) == len(known):
            names, codes = self._in_order(names, codes)
        spots = np.flatnonzero(codes >= 0)
        if not len(spots) or not all(names) or len(set(names)) < len(names):
            raise self._wrong(f'obs["{DOMAIN}"]', "the domains of spots", f"{len(spots)} spots in {len(names)} domains")
        return names, codes, spots

    def _in_order(self, names: tuple[str, ...], codes: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        """Return names that domains were given outside, and (n,) codes, in the order of the record.

        Some programs sort them. Which is which, the posterior tells; without one they stay as they are.
        """
        shares = np.asarray(self.table.obsm[POSTERIOR]) if POSTERIOR in self.table.obsm else np.zeros((0, 0))
        if shares.shape != (len(codes), len(names)) or shares.dtype.kind != "f":
            return names, codes
        votes = np.zeros((len(names), len(names)), int)
        np.add.at(votes, (codes[codes >= 0], shares.argmax(axis=1)[codes >= 0]), 1)
        order = votes.argmax(axis=1)
        if len(set(order)) < len(names):
            return names, codes
        return tuple(names[at] for at in np.argsort(order)), np.where(codes >= 0, order[codes], -1)

    def colors(self, n: int, known: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return a colour for each of n domains, and what a person should know about them.

        Those in the record are taken where scanpy took away some, with domains that no spot has any more.
        """
        found = tuple(map(str, np.ravel(np.asarray(self.table.uns.get(COLORS, ()), dtype=object))))
        for colors in (found, tuple(known) if found and set(found) < set(known) else ()):
            if len(colors) == n and all(map(is_color, colors)):
                return colors, ()
        return hues(n), (f'uns["{COLORS}"] does not hold {n} colours like "#ffaa00": the domains have others.',)

    def column(self, key: str, spots: np.ndarray, bounds: tuple[float, float] | None = None) -> np.ndarray:
        """Return (N,) float32 numbers per spot; finite and in the bounds where there are some."""
        values = self._numbers(self.table.obs[key], f'obs["{key}"]')[spots]
        if bounds is not None:
            low, high = bounds
            if not ((values >= low - 1e-4) & (values <= high + 1e-4)).all():
                raise self._wrong(f'obs["{key}"]', f"numbers from {low} to {high}", "others")
        return values

    def runner_up(self, names: tuple[str, ...], known: list[str]) -> np.ndarray:
        """Return (n,) int number of the domain in second place, by its name now or in the record; -1 for none."""
        import pandas as pd

        column = self.table.obs[RUNNER_UP]
        text = column.astype(object).astype(str).where(column.notna(), "")
        for called in (names, known):
            if len(set(called)) != len(names):
                continue
            found = pd.Index(called, dtype=object).get_indexer(text)
            if not (found[column.notna().to_numpy()] < 0).any():
                return np.asarray(found, np.int64)
        raise self._wrong(f'obs["{RUNNER_UP}"]', "names of the domains", "others")

    def matrix(self, key: str, spots: np.ndarray) -> np.ndarray:
        """Return (N, d) numbers of ``obsm`` that can be computed with."""
        values = self._numbers(self.table.obsm[key], f'obsm["{key}"]')
        values = taken(values, spots) if values.ndim == 2 else values
        if values.ndim != 2 or not values.shape[1] or not (-_LARGEST < values.min() <= values.max() < _LARGEST):
            raise self._wrong(f'obsm["{key}"]', "finite numbers for each spot", "others")
        return values

    def predicted(self, key: str, spots: np.ndarray) -> np.ndarray:
        """Return (N, D) numbers of ``obsm``, NaN in rows that were measured."""
        values = self._numbers(self.table.obsm[key], f'obsm["{key}"]')
        if values.ndim != 2 or np.isinf(values).any():
            raise self._wrong(f'obsm["{key}"]', "numbers for each spot", "others")
        return values[spots]

    def shares(self, key: str, spots: np.ndarray, n: int) -> np.ndarray:
        """Return (N, n) numbers of ``obsm`` from 0 to 1 whose rows sum to 1."""
        values = self.matrix(key, spots)
        if values.shape[1] != n:
            raise self._wrong(f'obsm["{key}"]', f"{n} columns", f"{values.shape[1]}")
        if (values < 0).any() or not np.allclose(values.sum(axis=1), 1, atol=_SUMS_TO_ONE):
            raise self._wrong(f'obsm["{key}"]', "rows of shares that sum to 1", "others")
        return values

    def cuts(self, spots: np.ndarray) -> np.ndarray:
        """Return (N, R) int16 domains of other cuts."""
        values = self.matrix(CUTS, spots)
        if (values < 0).any() or (values > _MOST_DOMAINS).any() or (values % 1 != 0).any():
            raise self._wrong(f'obsm["{CUTS}"]', f"numbers of domains from 0 to {_MOST_DOMAINS}", "others")
        return values.astype(np.int16)

    def graph(self, key: str, spots: np.ndarray) -> sparse.csr_matrix:
        """Return an (N, N) matrix of ``obsp`` between the spots."""
        values = sparse.csr_matrix(self.table.obsp[key])
        if len(spots) < values.shape[0]:
            values = values[spots][:, spots]
        if not np.isfinite(values.data).all() or (values.data < 0).any():
            raise self._wrong(f'obsp["{key}"]', "finite weights", "others")
        return values

    def boundaries(self, columns: Any, n: int) -> pd.DataFrame:
        """Return one row per boundary between n domains."""
        import pandas as pd

        where = f'the boundaries in uns["{RECORD}"]'
        if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
            raise self._wrong(where, "columns of equal length", "something else")
        if len({len(values) for values in columns.values()}) > 1 or not set(_EDGES) <= set(columns):
            raise self._wrong(where, f"the columns {', '.join(_EDGES)}, of equal length", ", ".join(columns)[:200])
        frame = pd.DataFrame(
            {name: [np.nan if value is None else value for value in values] for name, values in columns.items()}
        )
        texts = [name for name in ("review", "note", "carried_from") if name in frame]
        for name in texts:
            frame[name] = frame[name].fillna("").astype(str)
        if "review" in frame and not set(frame["review"]) <= set(_VERDICTS):
            raise self._wrong(where, f"verdicts among {', '.join(_VERDICTS[1:])}", "others")
        for name in frame.columns.difference(texts):
            if len(frame) and frame[name].dtype.kind not in "if":
                raise self._wrong(where, f"numbers in {name[:40]}", "others")
        if len(frame):
            pairs = frame[["domain_a", "domain_b"]].to_numpy(float)
            places = frame[["n_edges", "x", "y"]].to_numpy(float)
            if not (np.isfinite(places).all() and ((pairs >= 0) & (pairs < n) & (pairs % 1 == 0)).all()):
                raise self._wrong(where, f"places, and domains below {n}", "others")
        return frame

    def state(self) -> bytes:
        """Return the state of training."""
        values = np.asarray(self.table.uns[STATE])
        if values.ndim != 1 or values.dtype.kind not in "iu" or not len(values):
            raise self._wrong(f'uns["{STATE}"]', "the bytes of a state of training", f"{values.dtype} {values.shape}")
        return values.astype(np.uint8).tobytes()

    def _numbers(self, values: Any, where: str) -> np.ndarray:
        """Return values as float32, whatever of numbers they are stored as."""
        if sparse.issparse(values):
            if values.shape[1] > _WIDEST:  # few bytes of a file could fill the memory
                raise self._wrong(where, f"at most {_WIDEST:,} columns", f"{values.shape[1]:,}")
            values = values.toarray()
        found = np.asarray(values)
        if found.dtype == object:
            try:
                found = found.astype(np.float64)
            except (TypeError, ValueError):
                raise self._wrong(where, "numbers", "text") from None
        if found.dtype.kind not in "iuf":
            raise self._wrong(where, "numbers", f"values of type {found.dtype}")
        with np.errstate(over="ignore"):
            return found.astype(np.float32, copy=False)
