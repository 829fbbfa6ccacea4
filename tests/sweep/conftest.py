"""A small section on file, and a cluster of real processes: a scheduler and two workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import napari_trsmi as nt

QUICK = nt.Config(
    evidence={"support": False},
    train={"epochs": 3},
    cluster={"n_init": 1, "n_domains": 4},
    preprocess={"n_components": 5},
    graph={"k_feature": 5},
)

# Processes that only wait would otherwise watch themselves for a twelfth of a core.
AT_EASE = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1m",
}


class Processes:
    """A scheduler and workers, each a process that a test can kill."""

    def __init__(self, folder: Path, n_workers: int) -> None:
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not self.file.exists():
            time.sleep(0.05)
        for n_threads in range(1, n_workers + 1):  # a worker of two threads must not make two runs at once
            self.start_worker(n_threads)

    @property
    def address(self) -> str:
        import json

        return json.loads(self.file.read_text())["address"]

    def start_worker(self, n_threads: int = 1) -> None:
        words = ["--no-nanny", "--nthreads", str(n_threads), "--no-dashboard", "--local-directory", str(self.folder)]
        self.workers.append(self._start("worker", *words))

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        for worker in self.workers:
            if worker.pid == pid:
                worker.wait()

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.dask_{what}"]
        environ = {**os.environ, "OMP_NUM_THREADS": "1", **AT_EASE}
        with (self.folder / "log").open("ab") as log:
            words = (*words, "--scheduler-file", str(self.file))
            return subprocess.Popen([*program, *words], stdout=log, stderr=log, env=environ, cwd=self.folder)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A scheduler and two workers on the loopback, in processes of their own."""
    from distributed import Client

    processes = Processes(tmp_path_factory.mktemp("cluster"), 2)
    with Client(processes.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield processes
    processes.close()


@pytest.fixture
def lonely_scheduler(tmp_path):
    """A scheduler without workers."""
    processes = Processes(tmp_path, 0)
    yield processes
    processes.close()


@pytest.fixture(scope="session")
def section(tmp_path_factory) -> Path:
    """A file with 100 spots."""
    from napari_trsmi.cli import main

    path = tmp_path_factory.mktemp("section") / "slice.h5mu"
    assert main(["simulate", "-o", str(path), "--n-spots", "100", "--n-genes", "60", "--image", "0", "-q"]) == 0
    return path


@pytest.fixture(scope="session")
def dataset(section):
    return nt.read(section)


@pytest.fixture(scope="session")
def quick() -> nt.Config:
    """Settings for a run of a fraction of a second."""
    return QUICK


@pytest.fixture(scope="session")
def finish():
    """Return the result of a sweep and its reports."""

    def until_the_end(steps):
        reports = []
        while True:
            try:
                reports.append(next(steps))
            except StopIteration as end:
                return end.value, reports

    return until_the_end
