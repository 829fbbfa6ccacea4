"""Runs on file: one small file each, so that a sweep can be stopped, continued and opened again."""

from __future__ import annotations

import hashlib
import json
import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import napari_trsmi
from napari_trsmi.config import Config
from napari_trsmi.errors import DataError
from napari_trsmi.sweep.grid import Grid
from napari_trsmi.sweep.outcome import Details, Outcome

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

logger = logging.getLogger(__name__)

_ABOUT = "sweep.json"


def fingerprint(dataset: Dataset) -> str:
    """Return a hash of what a run makes of a dataset: spots, places and values, not where they were read from."""
    from scipy import sparse

    total = hashlib.sha256()

    def add(*values: Any) -> None:
        for value in values:
            array = np.ascontiguousarray(value)
            if array.dtype.kind in "OUT":
                array = np.frombuffer("\0".join(map(str, array.ravel())).encode(), np.uint8)
            total.update(f"{array.dtype.str}{array.shape}".encode())
            total.update(array.data.cast("B") if array.size else b"")

    add(dataset.obs_names, dataset.coords)
    for name, modality in dataset.modalities.items():
        add([name, modality.kind], modality.table.var_names, modality.table.shape)
        values = modality.table.X
        if sparse.issparse(values):
            values = values.tocsr()
            add(values.indptr.astype(np.int64), values.indices.astype(np.int64), values.data)
        else:
            add(values)
    return total.hexdigest()


def identity(mark: str, version: str = napari_trsmi.__version__) -> str:
    """Return what tells runs on data with this `fingerprint` from others; two versions do not end up in one table."""
    return f"{version}/{mark}"


class Store:
    """The folder of a sweep.

    Parameters
    ----------
    folder
        Made where it is missing.
    dataset, mark
        The data, and their `fingerprint`.
    grid, config
        What is tried now; the folder keeps runs of earlier grids too.

    Raises
    ------
    DataError
        The folder holds a sweep of other data, or other files, or cannot be written.
    """

    def __init__(self, folder: str | Path, dataset: Dataset, mark: str, grid: Grid, config: Config) -> None:
        from napari_trsmi.atomic import explain, replacing
        from napari_trsmi.data.plain import plain
        from napari_trsmi.data.provenance import describe_sources, versions

        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            empty = not any(self.folder.iterdir())
        except FileExistsError:
            raise DataError(f"Expected a folder at {folder}, found a file. Choose another name.") from None
        except OSError as error:
            raise DataError(explain(error, self.folder)) from error
        if not empty:
            name = read_about(self.folder).get("name", "")
            if read_about(self.folder).get("fingerprint") != mark:
                raise DataError(
                    f"Expected an empty folder, or one with a sweep of {dataset.name}, found one with a sweep of other "
                    f"data ({name}) at {folder}. Choose another folder."
                )
        about = {
            "format": 1,
            "version": napari_trsmi.__version__,
            "name": dataset.name,
            "n_spots": dataset.n_spots,
            "fingerprint": mark,
            "sources": describe_sources(dataset),
            "library": dataset.library,
            "fields": dict(grid.fields),
            "seeds": grid.seeds,
            "config": config.model_dump(mode="json"),
            "versions": versions(),
        }
        with replacing(self.folder / _ABOUT) as temporary:
            temporary.write_text(json.dumps(plain(about), indent=2) + "\n", encoding="utf-8")

    def read(self, key: str) -> Outcome | None:
        """Return a run, or None where there is none that can be read."""
        return read_outcome(self.folder, key)

    def write(self, run: Outcome) -> None:
        """Write a run whole, or not at all; raises `DataError`."""
        from napari_trsmi.atomic import replacing
        from napari_trsmi.data.plain import plain

        told = {
            "problem": run.problem,
            "n_domains": run.n_domains,
            "scores": run.scores,
            "history": run.history,
            "seconds": run.seconds,
            "config": run.config.model_dump(mode="json"),
        }
        arrays: dict[str, Any] = {"labels": run.labels, "confidence": run.confidence}
        found = run.details
        if found is not None:
            arrays |= {"embedding": found.embedding, "posterior": found.posterior}
            if found.modality_weights is not None:
                arrays["modality_weights"] = found.modality_weights
            arrays["clustering"] = np.array(json.dumps([found.method, found.strength, found.emphasis]))
        with replacing(_path(self.folder, run.key)) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, about=np.array(json.dumps(plain(told))), **arrays)


def read_details(folder: Path, key: str) -> Details | None:
    """Return what `Outcome` leaves on file, or None where there is none that can be read."""
    try:
        with _path(folder, key).open("rb") as file, np.load(file, allow_pickle=False) as found:
            weights = found.get("modality_weights")
            return Details(found["embedding"], found["posterior"], weights, *json.loads(str(found["clustering"])))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        logger.info("%s has no embedding that can be read: %s", _path(folder, key), error)
        return None


def read_about(folder: Path) -> dict[str, Any]:
    """Return what the folder of a sweep says of itself; raises `DataError` where there is none."""
    path = folder / _ABOUT
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise DataError(
            f"Expected an empty folder or one of an earlier sweep, found none that can be read at {folder}. "
            "Choose another folder."
        ) from None
    return found


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.npz"


def read_outcome(folder: Path, key: str) -> Outcome | None:
    """Return a run on file, or None where there is none that can be read."""
    path = _path(folder, key)
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            told = json.loads(str(found["about"]))
            labels, confidence = found["labels"], found["confidence"]
        scores = {name: float("nan") if value is None else value for name, value in told.pop("scores").items()}
        config = Config.from_json(json.dumps(told.pop("config")))
        return Outcome(key=key, config=config, labels=labels, confidence=confidence, scores=scores, **told)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        logger.warning("%s cannot be read and is made again: %s", path, error)
        return None
