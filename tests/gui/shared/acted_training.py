"""Training as the window sees it, without the network: steps and a result known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from threading import Semaphore
from typing import Any

import numpy as np

from napari_trsmi import Config, Result, Step
from napari_trsmi.telling import FINDING, NUMBER, PREPARING, tell


def step(epoch: int, n_epochs: int, labels: np.ndarray | None = None, **values: Any) -> Step:
    """Return a step with a falling loss."""
    losses = {"reconstruction": 1 / epoch, "total": 1.1 / epoch}
    given = {"beta": 1 - epoch / n_epochs, "temperature": 0.2, "tau_c": 0.5, "seconds": 0.1 * epoch, "labels": labels}
    return Step(epoch, n_epochs, losses, **{**given, **values})


def acted(
    result: Result,
    *,
    error: BaseException | None = None,
    gate: Semaphore | None = None,
    log: list[str] | None = None,
    telling: Semaphore | None = None,
    left: dict[str, str] | None = None,
) -> Callable[..., Generator[Step, str | None, Result]]:
    """Return a stand-in for `api.fit_steps` that ends with `result`.

    Every second epoch is a preview, in which the first `epoch` spots moved to another domain. Each epoch notes in
    `log` that it begins, and waits for `gate`; the third one raises `error`. Devices `left` were tried in vain. Before
    and after the epochs what is done is told, each step once `telling` is released where that is given.
    """

    def say(text: str, done: int = 0, total: int = 0) -> None:
        tell(text, done, total)
        if telling is not None:
            telling.acquire(timeout=10)

    def fit_steps(dataset: Any, config: Config, **_: Any) -> Generator[Step, str | None, Result]:
        history, n = [], config.train.epochs
        say(PREPARING)
        for epoch in range(1, n + 1):
            if log is not None:
                log.append(f"epoch {epoch}")
            if gate is not None:
                gate.acquire(timeout=10)
            if error is not None and epoch == 3:
                raise error
            labels = None
            if epoch % 2 == 0:
                labels = result.labels.copy()
                labels[:epoch] = (labels[:epoch] + 1) % result.partition.n_domains
            history.append(step(epoch, n, labels, embedding=None if labels is None else result.embedding))
            if (yield history[-1]) == "stop":
                break
        say(NUMBER, 5, 14)
        say(FINDING)
        provenance = {"device": "cpu", "devices_tried": left or {}, "seconds": {"training": 3.0}}
        return replace(result, config=config, history=tuple(history), provenance=provenance)

    return fit_steps
