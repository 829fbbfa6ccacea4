"""What a result keeps of its comparisons, and what sets the settings of runs apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.compare.labelling import Labelling, labels_of_result
from napari_trsmi.compare.scores import Comparison
from napari_trsmi.config import Config
from napari_trsmi.settings import Settings

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

_MOST_CELLS = 1600  # of a contingency table that is kept
_SAME_DOMAINS = ("device", "threads", "train.preview_every", "train.checkpoint_every")


def with_comparison(result: Result, other: Labelling, comparison: Comparison) -> Result:
    """Return the result with a comparison in ``provenance["comparisons"]``, so that it is saved.

    Parameters
    ----------
    other
        What the result was compared with; what was known of it before, by kind and name, is replaced.
    comparison
        What `compare` returned for the labels of the result and of `other`, in this order.
    """
    return with_records(result, [record(comparison, labels_of_result(result, ""), other)])


def with_records(result: Result, records: Iterable[dict[str, Any]]) -> Result:
    """Return the result with comparisons that `record` returned; see `with_comparison`."""
    known = result.provenance.get("comparisons", ())
    kept = {(one["kind"], one["name"]): one for one in (*known, *records)}
    return replace(result, provenance={**result.provenance, "comparisons": list(kept.values())}) if kept else result


def record(comparison: Comparison, own: Labelling, other: Labelling, *, turned: bool = False) -> dict[str, Any]:
    """Return what a result keeps of a comparison, ready for JSON.

    Parameters
    ----------
    comparison
        Of `own` and `other`.
    own
        The labels of the result.
    other
        What they were compared with.
    turned
        True where the comparison was made the other way round, of `other` and `own`.

    Returns
    -------
    ``kind`` and ``name`` of the other; `SCORES`; ``n_labels`` of the other; ``differs``, its settings that are not
    those of the result; and, unless they are too many, its ``labels`` and ``contingency``: the number of spots by
    domain of the result (rows, in their order) and label of the other (columns).
    """
    from napari_trsmi.data.plain import plain

    found: dict[str, Any] = {"kind": other.kind, "name": other.title, **comparison.scores, "n_labels": len(other.names)}
    if own.config is not None and other.config is not None:
        found["differs"] = plain(differences([own.config, other.config])[1])
        if "constraints" in found["differs"]:  # how many; the spots they name are too many to repeat
            found["differs"]["constraints"] = len(found["differs"]["constraints"])
    if len(own.names) * len(other.names) <= _MOST_CELLS:
        counts = comparison.contingency.T if turned else comparison.contingency
        missing = [(0, len(side.names) - n) for side, n in zip((own, other), counts.shape, strict=True)]
        found |= {"labels": list(other.names), "contingency": np.pad(counts, missing).tolist()}
    return found


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
        inside = dict(value) if isinstance(value, Settings) else {"": value}
        found.update({f"{section}.{name}" if name else section: one for name, one in inside.items()})
    return found
