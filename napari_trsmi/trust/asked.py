"""What the checks ask for: how to run the method again, and how often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Fit = Callable[["Dataset", "Config"], "Result"]


def plain_fit(dataset: Dataset, config: Config) -> Result:
    """Return the domains of a section without their support, which is asked of the result in question only."""
    from napari_trsmi import api
    from napari_trsmi.records import drain

    return drain(api.fit_steps(dataset, config, previews=False))


def check_trust(n_seeds: int = 2, n_runs: int = 1, n_domains: Sequence[int] = ()) -> None:
    """Raise `ConfigError` where one of the numbers makes no sense, before any time is spent."""
    if n_seeds < 1 or n_runs < 0:
        raise ConfigError(f"Expected 1 seed or more and 0 shuffled runs or more, found {n_seeds} and {n_runs}.")
    if any(k < 2 for k in n_domains):
        raise ConfigError(f"Expected numbers of domains of 2 or more, found {list(n_domains)}. Leave out the others.")


def with_domains(config: Config, n_domains: int) -> Config:
    """Return the settings with the number of domains given."""
    return config.model_copy(update={"cluster": config.cluster.model_copy(update={"n_domains": n_domains})})


def unconstrained(config: Config) -> Config:
    """Return the settings without what a person said about spots: it holds for these places and all modalities."""
    return config.model_copy(update={"constraints": ()})
