"""What happens in a worker of Dask: one run, from data that the process keeps for the next one."""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from threading import Lock
from zlib import crc32

import napari_trsmi
from napari_trsmi.config import Config, Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError, TrsmiError
from napari_trsmi.records import drain
from napari_trsmi.stages import Prepared
from napari_trsmi.sweep.grid import Trial
from napari_trsmi.sweep.outcome import Details, Outcome
from napari_trsmi.sweep.store import fingerprint

_TURN = Lock()  # torch has one random generator and one number of threads per process: runs take turns in it
_DATASETS: dict[str, Dataset | None] = {}  # by fingerprint; None where it is not to be read here
_PREPARED: OrderedDict[tuple[str, ...], Prepared] = OrderedDict()
_KEPT = 2  # sections; memory is for the runs


@dataclass(frozen=True)
class Source:
    """Where a worker reads the data, and what it must find there.

    Attributes
    ----------
    paths
        The files; none where the data are sent along.
    kinds, library
        As for `api.read`; the names of `kinds` are the modalities.
    mark
        `fingerprint` of the data.
    version
        That of this package where the sweep was started.
    """

    paths: tuple[Path, ...]
    kinds: dict[str, Kind]
    library: str | None
    mark: str
    version: str = napari_trsmi.__version__


def source_of(dataset: Dataset, mark: str) -> Source:
    """Return where the data of a section are."""
    kinds = {name: modality.kind for name, modality in dataset.modalities.items()}
    return Source(tuple(Path(path).absolute() for path in dataset.sources), kinds, dataset.library, mark)


def slim(dataset: Dataset) -> Dataset:
    """Return a section without what no run needs: picture, annotations, files to be hashed again after each run."""
    return replace(dataset, image=None, library_entry={}, obs=dataset.obs[[]], own_columns={}, sources=())


def fit_one(source: Source, trial: Trial, sent: Dataset | None = None) -> Outcome | None:
    """Return the run of a trial, failed ones included; None where the data cannot be read here and must be sent."""
    with _TURN, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd about the data was said when they were read the first time
        for library in ("scanpy", "napari_trsmi.model.training"):
            import_module(library)  # so that the first run of a process is not the slow one
        _take_gpu()
        started = time.perf_counter()
        try:
            if source.version != napari_trsmi.__version__:
                raise DataError(
                    f"Expected napari-trsmi {source.version} on the workers, found {napari_trsmi.__version__}. "
                    "Install the same version everywhere."
                )
            dataset = _dataset(source, sent)
            if dataset is None:
                return None
            result = _fit(dataset, _prepared(dataset, source.mark, trial.config), trial.config)
        except TrsmiError as error:
            return Outcome(trial.key, trial.config, problem=str(error), seconds=time.perf_counter() - started)
        except MemoryError:
            problem = "Expected enough memory for the run, found too little. Use fewer workers, or fewer features."
            return Outcome(trial.key, trial.config, problem=problem, seconds=time.perf_counter() - started)
        last, found = result.history[-1:], result.partition
        return Outcome(
            key=trial.key,
            config=trial.config,
            labels=result.labels.astype("int32"),
            confidence=result.confidence,
            n_domains=found.n_domains,
            scores=result.scores,
            history={"epochs": len(result.history), "losses": dict(last[0].losses) if last else {}},
            seconds=time.perf_counter() - started,
            details=Details(
                result.embedding,
                found.posterior,
                result.modality_weights,
                found.method,
                found.strength,
                found.emphasis,
            ),
        )


def _take_gpu() -> None:
    """Run on a GPU that no worker beside this one runs on, as far as there are enough."""
    from distributed import get_worker

    from napari_trsmi.model.devices import take_gpu

    with suppress(ValueError):  # no worker of Dask
        name = str(get_worker().name)
        take_gpu(int(name) if name.isdigit() else crc32(name.encode()))


def _dataset(source: Source, sent: Dataset | None) -> Dataset | None:
    """Return the data that were sent, or those on file where they are the same; the process keeps the latter."""
    from napari_trsmi.api import read

    if sent is not None:
        return sent
    if source.mark not in _DATASETS:
        _DATASETS.clear()
        _DATASETS[source.mark] = None
        with suppress(TrsmiError, OSError):
            found = read(source.paths, kinds=source.kinds, library=source.library, modalities=tuple(source.kinds))
            if fingerprint(found) == source.mark:
                _DATASETS[source.mark] = slim(found)
    return _DATASETS[source.mark]


def _prepared(dataset: Dataset, mark: str, config: Config) -> Prepared:
    """Return features and graphs, shared by runs that agree in what they depend on."""
    from napari_trsmi.estimate import check_room
    from napari_trsmi.stages import made_of, prepare

    check_room(dataset, config)
    key = (mark, *map(repr, made_of(config)))
    too_many = (config.cluster.n_domains or 0) > dataset.n_spots  # which `prepare` refuses
    if key not in _PREPARED or too_many:
        _PREPARED[key] = prepare(dataset, config)
        while len(_PREPARED) > _KEPT:
            _PREPARED.popitem(last=False)
    _PREPARED.move_to_end(key)
    return _PREPARED[key]


def _fit(dataset: Dataset, prepared: Prepared, config: Config) -> Result:
    from napari_trsmi.api import fit_steps

    return drain(fit_steps(dataset, config, previews=False, prepared=prepared))
