"""The whole method on one page: read -> features -> graphs -> train -> domains -> Result."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_trsmi.config import Cluster, Config, Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers.several import read_sections as read_sections
from napari_trsmi.data.result import Result
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.estimate import check_room
from napari_trsmi.fitting import steps_of
from napari_trsmi.records import Checkpoints, Step, drain
from napari_trsmi.restoring import read_saved
from napari_trsmi.stages import Prepared, cut_again, prepare
from napari_trsmi.threads import kept_within

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData


def read(
    path: str | Path | Sequence[str | Path],
    *,
    kinds: dict[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
    spots: Literal["all", "common"] = "all",
) -> Dataset:
    """Return the section in a file, in several files with the same barcodes, or in a folder.

    Parameters
    ----------
    path
        ``.h5mu``, ``.h5ad``, a ``.zarr`` of AnnData, MuData or SpatialData, a Space Ranger output folder, or several
        ``.h5ad``, one per modality.
    kinds
        Kind by modality name where the detected one is wrong.
    library
        Which section to take where the file holds several.
    modalities
        Which modalities to keep; all where not given.
    spots
        Whether spots that one of several modalities lacks are kept, see `Modality.measured`, or left out.

    Raises
    ------
    DataError
        Anything that makes the data unusable, in one sentence: expected, found, what to do.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> ds = nt.read(nt.sample_path())
    >>> ds.n_spots, {m: k.kind for m, k in ds.modalities.items()}
    (2500, {'rna': 'rna', 'adt': 'protein'})
    """
    from napari_trsmi.atomic import recover
    from napari_trsmi.data.readers import paths_of
    from napari_trsmi.data.readers import read as read_files

    paths = paths_of(path)
    for one in paths:
        recover(one)
    chosen = None if modalities is None else tuple(modalities)
    return read_files(paths, kinds=kinds, library=library, modalities=chosen, spots=spots)


def fit(data: Dataset | AnnData | MuData | str | Path, config: Config | dict[str, Any] | None = None) -> Result:
    """Return the domains of a section, with the support of each boundary unless `evidence.support` is off.

    Parameters
    ----------
    data
        A `Dataset` from `read`, a path, or an AnnData or MuData, which then also gets the result written into its
        ``obs``, ``obsm``, ``obsp`` and ``uns`` (see `Result.annotate`).
    config
        The settings, or a dict of them; the defaults serve all kinds of data.

    Raises
    ------
    DataError, ConfigError, TrainingError
        The data, a setting, or the course of training cannot be used.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> ds = nt.read(nt.sample_path())
    >>> result = nt.fit(ds, nt.Config(cluster={"n_domains": 7}, train={"epochs": 2}))
    >>> result.labels.shape, result.embedding.shape[0], len(result.colors)
    ((2500,), 2500, 7)
    """
    from napari_trsmi.evidence import supported

    config = _config(config)
    dataset = data if isinstance(data, Dataset) else _dataset(data, config)
    check_room(dataset, config)
    prepared = prepare(dataset, config, together=True)
    result = drain(fit_steps(dataset, config, previews=False, prepared=prepared))
    if config.evidence.support:
        result = drain(supported(result, prepared))
    if not isinstance(data, Dataset | str | Path):
        result.annotate(data)
    return result


def fit_steps(
    data: Dataset | AnnData | MuData | str | Path,
    config: Config | dict[str, Any] | None = None,
    *,
    previews: bool = True,
    checkpoint: str | Path | None = None,
    resume: str | Path | bytes | None = None,
    prepared: Prepared | None = None,
    states: Checkpoints | None = None,
) -> Generator[Step, str | None, Result]:
    """Yield one `Step` per epoch and return the `Result`.

    Send ``"stop"`` to end training and keep what there is; do not advance the generator to pause it; close it to
    cancel, or see `interrupt` for a way that is heard within an epoch and its preparation. What is sent and whether
    there are previews does not change the labels of an unbroken run.

    Parameters
    ----------
    data, config
        As for `fit`.
    previews
        Cut the embedding into domains every `train.preview_every` epochs; labels keep their numbers from one preview
        to the next as far as their spots do.
    checkpoint
        File that is written every `train.checkpoint_every` epochs.
    resume
        Checkpoint or `Result.state` of the same data and settings to continue from; epochs and constraints may have
        been added (see `teach.continued`).
    prepared
        What `stages.prepare` made of the same data and settings (`stages.made_of`), where it is there already.
    states
        Where the state of training goes at each preview, for `keep_preview`.

    Raises
    ------
    DataError, ConfigError, TrainingError
        As for `fit`.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> steps = nt.fit_steps(nt.read(nt.sample_path()), nt.Config(cluster={"n_domains": 7}))
    >>> next(steps).epoch
    1
    >>> try:
    ...     steps.send("stop")
    ... except StopIteration as end:
    ...     print(len(end.value.history))
    1
    """
    config = _config(config)
    started = time.perf_counter()
    dataset = data if isinstance(data, Dataset) else _dataset(data, config)
    resume = Path(resume) if isinstance(resume, str) else resume
    steps = steps_of(dataset, config, started, previews, checkpoint, resume, prepared, states)
    result = yield from kept_within(steps, config.threads, dataset.n_spots)
    if not isinstance(data, Dataset | str | Path):
        result.annotate(data)
    return result


def recluster(path: str | Path, cluster: Cluster | dict[str, Any] | None = None) -> Result:
    """Return new domains for the embedding in a saved result, without training.

    For a result in memory see `edits.recluster`.

    Parameters
    ----------
    path
        A file that `Result.write` made.
    cluster
        The settings, or those that differ from the defaults as a dict; those of the saved run where not given. Without
        `n_domains` the saved number is kept.

    Raises
    ------
    DataError
        The file holds no saved result.
    ConfigError
        A setting does not exist or is out of bounds; or ``method="prototypes"``: prototypes are not saved.
    """
    if cluster is not None and not isinstance(cluster, Cluster):
        cluster = Config(cluster=cluster).cluster
    saved, dataset = read_saved(path)
    config = saved.config.model_copy(update={"cluster": cluster or saved.config.cluster})
    result = cut_again(prepare(dataset, config), config, saved)
    before, now = (one.cluster.model_dump(mode="json", exclude_defaults=True) for one in (saved.config, config))
    provenance = {
        **result.provenance,
        "reclustered_from": str(Path(path).absolute()),
        "reclustered_with": now,
        "trained_cluster": saved.origin.get("trained_cluster", before),
    }
    return replace(result, history=saved.history, provenance=provenance)


def markers(result: Result | str | Path, *, n_top: int = 10) -> dict[str, pd.DataFrame]:
    """Return {modality: table} of the features that mark each domain, best first.

    Parameters
    ----------
    result
        A result of `fit` or `recluster`, or a file that `Result.write` made.
    n_top
        Features per domain.

    Returns
    -------
    Tables with the columns of `domains.markers.find_markers`, and after ``feature`` what people call it, ``name``: the
    symbol where the file has identifiers. ``domain`` is the name written to files.

    Raises
    ------
    DataError
        The file holds no saved result.
    ConfigError
        `n_top` is below 1.
    """
    from napari_trsmi.data import feature_names
    from napari_trsmi.domains.markers import find_markers

    if isinstance(result, Result):
        dataset, labels, names, config = result.dataset, result.labels, result.names, result.config
    else:
        saved, dataset = read_saved(result)
        labels, names, config = saved.labels, saved.names, saved.config
    tables = {}
    for name, modality in dataset.modalities.items():
        kind = config.preprocess.kinds.get(name, modality.kind)
        own = labels if modality.measured is None else np.where(modality.measured, labels, -1)
        found = find_markers(modality.table, own, kind=kind, n_top=n_top)
        found["domain"] = np.array(names)[found["domain"].to_numpy(int)]
        called = dict(zip(modality.table.var_names, feature_names.labels(modality.table.var), strict=True))
        found.insert(found.columns.get_loc("feature") + 1, "name", found["feature"].map(called))
        tables[name] = found
    return tables


def _config(given: Any) -> Config:
    """Return the settings given, as they are or as a dict; raises `ConfigError` for anything else."""
    if isinstance(given, Config):
        return given
    if given is not None and not isinstance(given, dict):
        raise ConfigError(
            f"Expected settings as a Config or a dict, found {type(given).__name__}. Give nt.Config(...)."
        )
    return Config(**{str(name): value for name, value in (given or {}).items()})


def _dataset(data: Any, config: Config) -> Dataset:
    from napari_trsmi.data.readers import from_memory

    kinds, spots = config.preprocess.kinds or None, config.preprocess.spots
    if isinstance(data, str | Path):
        return read(data, kinds=kinds, spots=spots)
    tables = (data, *getattr(data, "mod", {}).values())
    if any(getattr(one, "is_view", False) and one.isbacked for one in tables):
        raise DataError(
            "Expected an AnnData or MuData into which the domains can be written, found a part of one that is on disk. "
            "Read the file without backed, and take the part then."
        )
    return from_memory(data, kinds=kinds, spots=spots)
