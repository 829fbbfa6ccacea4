"""A sweep as a generator: runs are handed to Dask, kept as they come, and told one by one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.errors import DataError, TrsmiError
from napari_trsmi.plural import many
from napari_trsmi.sweep.grid import Grid, Trial
from napari_trsmi.sweep.outcome import Outcome
from napari_trsmi.sweep.result import SweepResult
from napari_trsmi.sweep.store import Store, fingerprint, identity
from napari_trsmi.sweep.worker import fit_one, slim, source_of

if TYPE_CHECKING:
    from anndata import AnnData
    from distributed import Client, Future
    from mudata import MuData

logger = logging.getLogger(__name__)

_BEAT = 0.5  # seconds between two reports where no run finishes
_RETRIES = 2  # of what is not the run's own failure: a file system or a connection that was away


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is.

    Attributes
    ----------
    done, total
        Runs done, those of an earlier start and failed ones among them, and planned.
    text
        What a person reads about it.
    run
        The run that has just finished, or None where the report only tells that the sweep is alive.
    so_far
        The sweep with the runs that are done.
    n_workers
        Runs that can go on side by side now.
    seconds
        Wall-clock seconds since the sweep was started.
    """

    done: int
    total: int
    text: str
    run: Outcome | None
    so_far: SweepResult
    n_workers: int
    seconds: float


def run(
    data: Dataset | AnnData | MuData | str | Path,
    config: Config | None = None,
    grid: Grid | None = None,
    *,
    folder: str | Path | None = None,
    scheduler: str | None = None,
    n_workers: int | None = None,
    spare_cores: int = 0,
) -> Generator[Progress, str | None, SweepResult]:
    """Yield a `Progress` at the start, after each run, and twice a second in between; return the `SweepResult`.

    Send ``"stop"`` to end the sweep and keep the runs that are done; close the generator to cancel it. Either ends the
    local cluster; on a cluster that was there already, runs that are under way come to their end and are dropped.

    A run that fails is kept with its reason and does not end the sweep. A run whose worker dies is given to another.
    What a run finds depends neither on the workers nor on their number: it is what `api.fit` finds with the settings
    of its `Trial`.

    Parameters
    ----------
    data
        As for `api.fit`. Workers read the files themselves where they can; else the data are sent to them.
    config
        The settings that all runs have in common.
    grid
        What differs between them: values and seeds. One run where not given.
    folder
        Where runs are kept; in memory, with their embeddings, where not given. Those that are there already, with the
        same data and settings, are not made again, failed ones excepted.
    scheduler
        Address of a Dask scheduler to use; a local cluster where not given.
    n_workers
        Processes of the local cluster; as many as cores and memory allow where not given.
    spare_cores
        Cores that the local cluster leaves free.

    Raises
    ------
    ConfigError
        A combination of settings is not allowed.
    DataError
        The data cannot be used, the folder is one of other data, or the scheduler does not answer or is gone.
    TrainingError
        The local processes do not start.
    """
    from napari_trsmi.sweep.cluster import connected

    started = time.perf_counter()
    config, grid = config or Config(), grid or Grid({})
    grid.trials(config)  # before time is spent on the data
    dataset = _dataset(data, config)
    mark = fingerprint(dataset)
    trials = grid.trials(config, identity(mark))
    store = None if folder is None else Store(folder, dataset, mark, grid, config)
    there = [] if store is None else [store.read(trial.key) for trial in trials]
    result = SweepResult(dataset.name, grid, config, trials, folder=None if store is None else store.folder)
    for kept in there:
        result = result if kept is None or kept.problem else result.with_run(kept)
    waiting = [trial for trial in trials if trial.key not in result.runs]

    def progress(finished: Outcome | None, n_workers: int) -> Progress:
        text = _text(finished, result, n_workers)
        seconds = time.perf_counter() - started
        return Progress(len(result.runs), len(trials), text, finished, result, n_workers, seconds)

    if waiting:
        threads = max(trial.config.threads for trial in waiting)
        if scheduler is None and n_workers is None:  # a GPU is not shared: each run gets one of its own
            from napari_trsmi.model.devices import n_gpus

            n_workers = min(len(waiting), min(n_gpus(trial.config.device) for trial in waiting)) or None
        with (
            connected(scheduler, len(waiting), threads, n_workers=n_workers, spare_cores=spare_cores) as client,
            closing(Tasks(client, dataset, mark, waiting)) as tasks,
        ):
            answer = yield progress(None, tasks.n_workers)
            while answer != "stop" and len(result.runs) < len(trials):
                finished = tasks.next(_BEAT)
                if finished is not None:
                    if store is not None:
                        store.write(finished)
                        finished = replace(finished, details=None)
                    result = result.with_run(finished)
                answer = yield progress(finished, tasks.n_workers)
    if store is not None:
        result.to_csv(store.folder)
    return result


class Tasks:
    """The runs that a cluster works on, in the order of their seeds: every setting is seen once before any twice.

    Parameters
    ----------
    client
        Of the cluster.
    dataset, mark
        The data, and their `fingerprint`.
    trials
        The runs to do.
    """

    def __init__(self, client: Client, dataset: Dataset, mark: str, trials: list[Trial]) -> None:
        self.client, self.dataset, self.source = client, dataset, source_of(dataset, mark)
        self._sent: Future | None = None
        self._finished: SimpleQueue[Future] = SimpleQueue()
        self._pending: dict[Any, tuple[Trial, Future]] = {}
        seeds = list(dict.fromkeys(trial.config.seed for trial in trials))

        def order(trial: Trial) -> tuple[int, str]:  # runs that share features and graphs come one after the other
            shared = trial.config.preprocess.model_dump_json() + trial.config.graph.model_dump_json()
            return seeds.index(trial.config.seed), shared

        for trial in sorted(trials, key=order):
            self._submit(trial, self._data() if dataset.parts or not dataset.sources else None)

    @property
    def n_workers(self) -> int:
        """How many workers there are now."""
        with _scheduler_there():
            return len(self.client.nthreads())

    def next(self, timeout: float) -> Outcome | None:
        """Return a run that has finished, or None after `timeout` seconds without one.

        Raises
        ------
        DataError
            The scheduler is gone.
        """
        try:
            future = self._finished.get(timeout=timeout)
        except Empty:
            return None
        trial, _ = self._pending.pop(future.key)
        try:
            with _scheduler_there():
                run: Outcome | None = future.result()
        except TrsmiError:
            raise
        except Exception as error:
            logger.info("a run failed", exc_info=True)
            return Outcome(trial.key, trial.config, problem=_problem(error))
        if run is None:  # this worker cannot read the files, or found others there
            self._submit(trial, self._data())
        return run

    def close(self) -> None:
        """Drop the runs that are not finished."""
        with suppress(OSError, TimeoutError):
            self.client.cancel([future for _, future in self._pending.values()], force=True)

    def _submit(self, trial: Trial, sent: Future | None) -> None:
        future = self.client.submit(fit_one, self.source, trial, sent, pure=False, retries=_RETRIES)
        self._pending[future.key] = trial, future
        future.add_done_callback(self._finished.put)

    def _data(self) -> Future:
        """Return the data as a task of its own, which the scheduler repeats where the worker that held them is gone."""
        import dask

        if self._sent is None:
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
                self._sent = self.client.submit(_same, slim(self.dataset), pure=False, retries=_RETRIES)
        return self._sent


def _same(dataset: Dataset) -> Dataset:
    return dataset


@contextmanager
def _scheduler_there() -> Iterator[None]:
    from distributed.client import FutureCancelledError

    try:
        yield
    except (OSError, FutureCancelledError) as error:
        raise DataError(
            "Expected the Dask scheduler to stay, found it gone. Start the sweep again with the same folder to go on "
            "with the runs that are missing."
        ) from error


def _problem(error: Exception) -> str:
    """Return one sentence on a failure that is none of the method's own."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return (
            "Expected the worker to live through the run, found that several died under it, mostly for want of memory. "
            "Use fewer workers, or machines with more memory."
        )
    text = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
    return f"Expected the run to get through, found {type(error).__name__}: {text}. See the log of the worker."


def _text(run: Outcome | None, result: SweepResult, n_workers: int) -> str:
    done = f"{len(result.runs)} of {len(result.trials)}"
    if run is None:
        return f"{done} runs done; " + (many(n_workers, "worker") if n_workers else "waiting for workers")
    name = result.name_of(run.key)
    found = f"failed. {run.problem}" if run.problem else f"{run.n_domains} domains in {run.seconds:.0f} s"
    return f"Run {done}, {name}: {found}"


def _dataset(data: Any, config: Config) -> Dataset:
    from napari_trsmi.api import read
    from napari_trsmi.data.readers import from_memory

    if isinstance(data, Dataset):
        return data
    kinds, spots = config.preprocess.kinds or None, config.preprocess.spots
    opened: Callable[..., Dataset] = read if isinstance(data, str | Path) else from_memory
    return opened(data, kinds=kinds, spots=spots)
