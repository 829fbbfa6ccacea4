"""Workers to run on: a local cluster with the cores divided, or one that is there already."""

from __future__ import annotations

import logging
import os
import signal
import sys
from asyncio import get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from napari_trsmi.errors import ConfigError, DataError, TrainingError
from napari_trsmi.quiet import quiet

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

ALLOWED_FAILURES = 3  # workers that may die under a run before it counts as failed
_MEMORY = 2 * 1024**3  # bytes per worker, at least: the libraries alone take a third of it
_PATIENCE = 20  # seconds that a scheduler has to answer
_START = 60  # seconds that the first local worker has to come up
_LEAVE = 15  # seconds that all of them have
_GRACE = 0.3  # seconds that a local worker has to leave by itself
_LOOPBACK = "127.0.0.1"
_LOGGERS = ("distributed", "distributed.client")  # a worker that dies is made again; its cost is told as a sentence


def divide(n_runs: int, threads: int, *, cores: int, memory: int, spare_cores: int = 0) -> int:
    """Return how many workers to start: no more than there are runs, cores for their threads, or memory.

    Parameters
    ----------
    n_runs
        Runs to do.
    threads
        CPU threads of each.
    cores, memory
        What this machine has; memory in bytes.
    spare_cores
        Cores left to others, such as the interface.

    Examples
    --------
    >>> divide(75, 1, cores=16, memory=64 * 1024**3, spare_cores=1)
    15
    >>> divide(75, 4, cores=16, memory=64 * 1024**3)
    4
    """
    return max(1, min(n_runs, (cores - spare_cores) // threads, memory // _MEMORY))


@contextmanager
def connected(
    scheduler: str | None, n_runs: int, threads: int, *, n_workers: int | None = None, spare_cores: int = 0
) -> Iterator[Client]:
    """Yield a client of the scheduler at an address, or of a local cluster that ends with the block.

    Parameters
    ----------
    scheduler
        Address such as ``"tcp://10.0.0.1:8786"``, or None for a cluster of processes on this machine.
    n_runs, threads, spare_cores
        As for `divide`.
    n_workers
        Local workers; as many as `divide` says where not given.

    Raises
    ------
    ConfigError
        Both `scheduler` and `n_workers` were given, `n_workers` is below 1, or Dask is not installed.
    DataError
        No scheduler answers there.
    TrainingError
        The local processes do not start.
    """
    if scheduler is not None and n_workers is not None:
        raise ConfigError("Expected either a scheduler or a number of local workers, found both. Leave one out.")
    if n_workers is not None and n_workers < 1:
        raise ConfigError(f"Expected at least 1 worker, found {n_workers}. Raise it.")

    with _installed():
        from dask.system import CPU_COUNT
        from distributed import Client
        from distributed.system import MEMORY_LIMIT

    # napari's own Dask must not move to these workers: hence set_as_default=False.
    if scheduler is not None:
        with quiet(*_LOGGERS):
            try:
                _check_address(scheduler)
                client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
            except (OSError, ValueError, TypeError) as error:  # the last one where TLS is not set up
                raise DataError(
                    f"Expected a Dask scheduler that answers at {scheduler}, found none: {error}. Check the address, "
                    "and for tls:// the certificates in Dask's settings, or leave it out to use this machine."
                ) from error
            with client:
                yield client
        return
    n_workers = n_workers or divide(n_runs, threads, cores=CPU_COUNT, memory=MEMORY_LIMIT, spare_cores=spare_cores)
    with quiet(*_LOGGERS), _local(n_workers) as cluster, Client(cluster, set_as_default=False) as client:
        try:
            cluster.scale(n_workers)
            client.wait_for_workers(1, timeout=_START)
        except (OSError, RuntimeError) as error:
            raise TrainingError(
                f"Expected to start {n_workers} worker processes, found that none came up. In a script of your own, "
                'start the sweep under `if __name__ == "__main__":`.'
            ) from error
        yield client


def dask_setup(worker: object) -> None:
    """Let a local worker ignore Ctrl-C, which a terminal sends to it as well; Dask calls this in the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check_address(scheduler: str) -> None:
    """Raise `ValueError` for what is no address: a client that fails at it is waited for when Python ends."""
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    scheme, place = parse_address(scheduler)
    get_backend(scheme)
    if scheme != "inproc":
        parse_host_port(place)


_HIDING: list[tuple[Any, Any]] = []  # (spec, file) of the main module, once for each who hides them


@contextmanager
def _without_script() -> Iterator[None]:
    """Let processes that start meanwhile not run the main script again, as Python does for what they may need of it.

    They need nothing of it, and one without `if __name__ == "__main__":` would open its windows anew in each.
    """
    main = sys.modules["__main__"]
    _HIDING.append((main.__spec__, main.__dict__.get("__file__")))
    main.__spec__ = None
    main.__dict__.pop("__file__", None)
    try:
        yield
    finally:
        spec, file = _HIDING.pop()
        if spec is not None:
            main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextmanager
def _installed() -> Iterator[None]:
    """Say how to install what the block imports, where it is not there."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"Expected the packages that a sweep runs on, found no {error.name}. "
            'Install them: pip install "napari-trsmi[sweep]".'
        ) from error


@contextmanager
def _local(n_workers: int) -> Iterator[LocalCluster]:
    """Yield a cluster of processes that is made for so many workers but has none yet.

    Whoever reaches a scheduler or a worker can have it run anything: they listen on this machine alone, and only to
    those with the certificate of this cluster, which no file holds. The web servers, which Dask starts in any case,
    have no pages.
    """
    with _installed():
        import cryptography  # noqa: F401 - which Security.temporary needs and does not say well
        import dask
        from distributed import LocalCluster, Nanny, Security
        from distributed.system import MEMORY_LIMIT

    class Nurse(Nanny):
        """Ends its worker at once: nothing is lost with it, and a run would keep it alive for seconds."""

        async def instantiate(self) -> Any:
            with _without_script():
                return await super().instantiate()

        async def close(self, timeout: float | None = None, reason: str = "nurse-close") -> Any:
            get_running_loop().call_later(_GRACE, self._end)
            return await super().close(reason=reason)

        def _end(self) -> None:
            if self.is_alive() and self.pid:
                with suppress(OSError):
                    os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    no_pages: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
    with dask.config.set(no_pages):
        cluster = LocalCluster(
            n_workers=0,
            threads_per_worker=1,  # one run at a time; its own threads are those of `Config.threads`
            worker_class=Nurse,
            memory_limit=int(0.9 * MEMORY_LIMIT / n_workers),
            host=_LOOPBACK,
            security=Security.temporary(),
            dashboard_address=f"{_LOOPBACK}:0",  # an address without a host, or none, is one on all networks
            silence_logs=logging.CRITICAL,
            preload=[__name__],
            config=dask.config.merge(dask.config.config),  # of the workers, which are started later
            scheduler_kwargs={"allowed_failures": ALLOWED_FAILURES, "dashboard": False},
        )
    try:
        yield cluster
    finally:
        with suppress(OSError):  # a process that takes long to leave must not cost the runs
            cluster.close(timeout=_LEAVE)
