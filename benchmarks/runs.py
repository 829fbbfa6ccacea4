"""Runs of the method with its inside kept, and many of them side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from datasets import Loaded

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError
from napari_trsmi.records import Fit, Step
from napari_trsmi.stages import Prepared, cut

Changes = dict[str, dict[str, Any]]  # {section: {field: value}}


def default_config(n_domains: int, seed: int) -> Config:
    """Return the default settings with nothing but K and the seed set; no previews, as in `napari_trsmi.fit`."""
    return Config(cluster={"n_domains": n_domains}, train={"preview_every": 0}, seed=seed)


def changed(config: Config, changes: Changes) -> Config:
    """Return `config` with single fields of its sections replaced.

    Raises
    ------
    ConfigError
        A field does not exist or is out of bounds.
    """
    values = config.model_dump()
    for section, fields in changes.items():
        values[section] = {**values[section], **fields}
    return Config(**values)


def trained(section: Prepared, config: Config) -> Fit:
    """Return what training leaves."""
    from napari_trsmi.model.training import train

    return _end(train(section.features, section.spatial, section.feature_graphs, config, tiles=section.tiles))


def trained_with_stages(section: Prepared, config: Config) -> tuple[Fit, dict[str, np.ndarray]]:
    """Return what training leaves, and the (N, width) output of each stage of the network, input and fusion too."""
    import torch

    from napari_trsmi.model.training import Trainer

    trainer = Trainer(section.features, section.spatial, section.feature_graphs, config)
    fit = _end(trainer.run(None, None, None))
    with torch.no_grad():
        stages = trainer.network(1.0, keep_stages=True).stages
    return fit, {name: stage.cpu().numpy() for name, stage in stages.items()}


def _end(steps: Generator[Step, str | None, Fit]) -> Fit:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            fit: Fit = end.value
            return fit


def domain_labels(
    embedding: np.ndarray, section: Prepared, config: Config, prototypes: np.ndarray | None = None
) -> np.ndarray:
    """Return (N,) labels, found as `napari_trsmi.fit` finds them."""
    k = config.cluster.n_domains
    if k is None:
        raise ConfigError("Expected cluster.n_domains to be given, found none.")
    return cut(embedding, section, config, k, prototypes).labels


def score_or_nan(loaded: Loaded, label: Callable[[], np.ndarray]) -> tuple[dict[str, dict[str, float]], str]:
    """Return the scores of the labels that `label` makes; where the settings do not allow any, none and the reason."""
    try:
        return loaded.score(label()), ""
    except ConfigError as error:
        return {view: {} for view in loaded.truths}, str(error)


def side_by_side(task: Callable[..., Any], arguments: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[Any]:
    """Yield ``task(*arguments[i])`` in order; with more than one job in as many processes of one thread each."""
    if jobs == 1:
        yield from (task(*chosen) for chosen in arguments)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by the new processes when they load their libraries
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(task, *zip(*arguments, strict=True))


def progress(text: str) -> None:
    """Say on standard error how far the command is."""
    print(text, file=sys.stderr, flush=True)
