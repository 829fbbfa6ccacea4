"""Two labellings of the same spots beside each other: runs, columns of the file, embeddings of other methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_trsmi.config import Config, Section

_SAME_DOMAINS = ("device", "threads", "train.preview_every", "train.checkpoint_every")


def differences(configs: Sequence[Config]) -> list[dict[str, Any]]:
    """Return for each config the settings, by dotted name, that are not the same in all of them.

    A single config is compared with the defaults. What does not change the domains (device, threads, how often there
    is a preview or a checkpoint) is left out.

    Examples
    --------
    >>> differences([Config(seed=1), Config(cluster={"n_domains": 7})])
    [{'cluster.n_domains': None, 'seed': 1}, {'cluster.n_domains': 7, 'seed': 0}]
    """
    flat = [_flat(config) for config in configs]
    beside = flat if len(flat) > 1 else [*flat, _flat(Config())]
    names = [name for name in beside[0] if any(one[name] != beside[0][name] for one in beside)]
    return [{name: one[name] for name in names if name not in _SAME_DOMAINS} for one in flat]


def _flat(config: Config) -> dict[str, Any]:
    """Return the settings by dotted name, section by section."""
    found = {}
    for section, value in config:
        inside = dict(value) if isinstance(value, Section) else {"": value}
        found.update({f"{section}.{name}" if name else section: one for name, one in inside.items()})
    return found
