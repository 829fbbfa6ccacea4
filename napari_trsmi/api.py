"""The whole method on one page: read -> features -> graphs -> train -> domains -> Result."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Cluster, Config, Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import check
from napari_trsmi.records import Checkpoints, Fit, Step, drain, left_devices
from napari_trsmi.stages import Previews, Section, assemble, cut, cut_again, prepare

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.saved import SavedResult


def read(
    path: str | Path | Sequence[str | Path],
    *,
    kinds: dict[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
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
    from napari_trsmi.data.readers import read as read_files

    for one in [path] if isinstance(path, str | Path) else path:
        recover(one)
    chosen = None if modalities is None else tuple(modalities)
    return read_files(path, kinds=kinds, library=library, modalities=chosen)


def fit(data: Dataset | AnnData | MuData | str | Path, config: Config | None = None) -> Result:
    """Return the domains of a section.

    Parameters
    ----------
    data
        A `Dataset` from `read`, a path, or an AnnData or MuData, which then also gets the result written into its
        ``obs``, ``obsm``, ``obsp`` and ``uns`` (see `Result.annotate`).
    config
        The settings; the defaults serve all kinds of data.

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
    return drain(fit_steps(data, config, previews=False))


def fit_steps(
    data: Dataset | AnnData | MuData | str | Path,
    config: Config | None = None,
    *,
    previews: bool = True,
    checkpoint: str | Path | None = None,
    resume: str | Path | bytes | None = None,
    section: Section | None = None,
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
    section
        What `stages.prepare` made of the same data, `preprocess`, `graph` and `seed`, where it is there already.
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
    from napari_trsmi.model.training import train

    config = training = config or Config()
    if not previews:
        training = config.model_copy(update={"train": config.train.model_copy(update={"preview_every": 0})})
    started = time.perf_counter()
    dataset = data if isinstance(data, Dataset) else _dataset(data, config)
    section = section or prepare(dataset, config)
    seconds = {"features and graphs": time.perf_counter() - started}
    check()

    steps = train(
        section.features,
        section.spatial,
        section.feature_graphs,
        training,
        obs_names=section.dataset.obs_names,
        checkpoint=None if checkpoint is None else Path(checkpoint),
        resume=Path(resume) if isinstance(resume, str) else resume,
        states=None if config.align.candidates == "ann" else states,  # those cannot be resumed
    )
    viewer = Previews(section, config)
    history: list[Step] = []
    answer, previewing = None, 0.0
    try:
        while True:
            step = steps.send(answer)
            at = time.perf_counter()
            step = viewer.label(step)
            previewing += time.perf_counter() - at
            step = replace(step, seconds=step.seconds + previewing)
            history.append(step)
            at = time.perf_counter()
            answer = yield step
            started += time.perf_counter() - at  # a pause is no time of the run
    except StopIteration as end:
        trained: Fit = end.value
    seconds["training"] = time.perf_counter() - started - sum(seconds.values())

    earlier = trained.history[: len(trained.history) - len(history)]  # epochs before a checkpoint
    n_domains = config.cluster.n_domains or len(trained.prototypes)
    done = len(trained.history)
    partition = cut(trained.embedding, section, config, n_domains, trained.prototypes, done)
    seconds["domains"] = time.perf_counter() - started - sum(seconds.values())
    result = assemble(section, config, trained.embedding, partition)
    seconds["boundaries and scores"] = time.perf_counter() - started - sum(seconds.values())
    result = replace(
        result,
        correspondences=trained.correspondences,
        modality_weights=trained.modality_weights,
        history=(*earlier, *history),
        state=trained.state,
        provenance={**_with_device(result.provenance, trained), "stopped": trained.stopped, "seconds": seconds},
    )
    if earlier:
        result.provenance["resumed_at"] = len(earlier)
    if not isinstance(data, Dataset | str | Path):
        result.annotate(data)
    return result


def keep_preview(
    dataset: Dataset,
    config: Config,
    step: Step,
    *,
    colors: Sequence[str] = (),
    history: Sequence[Step] = (),
    states: Checkpoints | None = None,
) -> Result:
    """Return the domains of a preview as a result.

    The labels are those of the preview, numbered by falling size. Correspondences, weights of the modalities and the
    state to train on from need the network after that epoch: it is trained again from the nearest of `states` before,
    which takes no epoch where there is one of that epoch. Where there is none, the result has none of these.

    Parameters
    ----------
    dataset, config
        What the run was made on and with.
    step
        A step of `fit_steps` with labels.
    colors
        ``"#rrggbb"`` by the preview's number of a domain; new ones where not given.
    history
        Steps up to the preview.
    states
        What `fit_steps` filled.

    Raises
    ------
    DataError
        The step carries no labels or no embedding.
    TrainingError
        As for `fit`, where the network is trained again.
    """
    if step.labels is None or step.embedding is None:
        raise DataError(f"Expected a step with domains and embedding, found none at epoch {step.epoch}. Take another.")
    section = prepare(dataset, config)
    partition, numbers = Previews(section, config).keep(step)
    result = assemble(section, config, step.embedding, partition)
    if states is not None and (state := states.before(step.epoch)) is not None:
        trained = _trained_to(step.epoch, section, config, state)
        result = replace(
            result,
            correspondences=trained.correspondences,
            modality_weights=trained.modality_weights,
            state=trained.state,
            provenance=_with_device(result.provenance, trained),
        )
    return replace(
        result,
        colors=tuple(colors[k] for k in numbers) if colors else result.colors,
        history=tuple(history),
        provenance={**result.provenance, "kept_preview": step.epoch, "stopped": True},
    )


def _with_device(provenance: dict[str, Any], trained: Fit) -> dict[str, Any]:
    """Return the provenance with where it was trained, and where not and why."""
    told = left_devices(trained.devices_left)
    return {
        **provenance,
        "device": trained.device,
        "devices_tried": trained.devices_left,
        "notes": [*provenance.get("notes", []), *([told] if told else [])],
    }


def _trained_to(epoch: int, section: Section, config: Config, state: bytes) -> Fit:
    """Return what training leaves behind after an epoch, gone on from a state before."""
    from napari_trsmi.model.training import train

    steps = train(
        section.features,
        section.spatial,
        section.feature_graphs,
        config,
        obs_names=section.dataset.obs_names,
        resume=state,
        until=epoch,
    )
    return drain(steps, lambda _: check())


def recluster(path: str | Path, cluster: Cluster | None = None) -> Result:
    """Return new domains for the embedding in a saved result, without training.

    For a result in memory see `edits.recluster`.

    Parameters
    ----------
    path
        A file that `Result.write` made.
    cluster
        The settings; those of the saved run where not given. Without `n_domains` the saved number is kept.

    Raises
    ------
    DataError
        The file holds no saved result.
    ConfigError
        ``method="prototypes"``: prototypes are not saved.
    """
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


def restore(path: str | Path) -> Result:
    """Return the result in a file that `Result.write` made, names, colours and review of boundaries included.

    Boundary edges are found again; they carry no contrast, their segments do. Steps of the history carry no previews.

    Parameters
    ----------
    path
        A file that `Result.write` made.

    Raises
    ------
    DataError
        The file holds no saved result, or some of its spots can no longer be read.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> nt.restore(nt.sample_path())
    Traceback (most recent call last):
    napari_trsmi.errors.DataError: Expected a result in ...
    """
    from napari_trsmi.domains.boundaries import find_boundaries
    from napari_trsmi.edits import known_segments
    from napari_trsmi.graphs import spatial_graph

    saved, dataset = read_saved(path)
    partition, coords = saved.partition, dataset.coords
    spatial = spatial_graph(coords, saved.config.graph.k_spatial)
    boundaries, edges = known_segments(
        find_boundaries(saved.labels, spatial, coords, saved.posterior), saved.boundaries
    )
    return Result(
        dataset=dataset,
        config=saved.config,
        partition=partition,
        embedding=saved.embedding,
        correspondences=saved.correspondences,
        modality_weights=saved.modality_weights,
        boundaries=boundaries,
        boundary_edges=edges,
        colors=saved.colors,
        domain_names=saved.names,
        maps=saved.maps,
        history=saved.history,
        scores=saved.provenance.get("scores", {}),
        provenance=saved.origin,
        state=saved.state,
    )


def read_saved(path: str | Path) -> tuple[SavedResult, Dataset]:
    """Return a saved result and the dataset in the same file, over the same spots in the same order.

    Raises
    ------
    DataError
        The file holds no saved result, or some of its spots can no longer be read.
    """
    from dataclasses import fields

    from napari_trsmi.data.saved import read_result

    saved = read_result(path)
    kinds = saved.provenance.get("kinds") or saved.config.preprocess.kinds or None
    library = saved.provenance.get("library")
    try:
        dataset = read(path, kinds=kinds, library=library, modalities=saved.modalities or None)
    except DataError:  # a copy of the one section may not name it any more
        if library is None:
            raise
        dataset = read(path, kinds=kinds, modalities=saved.modalities or None)
    rows = _spots_of(saved, dataset)
    if (rows < 0).any() or len(rows) != len(saved.labels):
        raise DataError(
            f"Expected a domain for each of the {dataset.n_spots} spots that can be read from {path}, found "
            f"{len(saved.labels)}. Run `trsmi fit` on the file instead."
        )
    per_spot = {
        f.name: found[rows]
        for f in fields(saved)
        if isinstance(found := getattr(saved, f.name), np.ndarray) and len(found) == len(rows)
    }
    correspondences = {pair: s[rows][:, rows] for pair, s in saved.correspondences.items()}
    maps = {name: values[rows] for name, values in saved.maps.items()}
    per_spot["obs_names"] = dataset.obs_names  # which are unique, whatever the file calls them
    dataset = replace(dataset, notes=(*dataset.notes, *saved.notes))
    return replace(saved, **per_spot, correspondences=correspondences, maps=maps), dataset


def _spots_of(saved: SavedResult, dataset: Dataset) -> np.ndarray:
    """Return (N,) int spot of the saved result for each of the dataset; -1 where it has none."""
    import pandas as pd

    if saved.table in dataset.rows:
        of_spot = pd.Index(saved.rows).get_indexer(dataset.rows[saved.table])
    else:
        of_spot = pd.Index(saved.obs_names).get_indexer(dataset.obs_names)
    return np.asarray(of_spot, np.int64)


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
        found = find_markers(modality.table, labels, kind=kind, n_top=n_top)
        found["domain"] = np.array(names)[found["domain"].to_numpy(int)]
        called = dict(zip(modality.table.var_names, feature_names.labels(modality.table.var), strict=True))
        found.insert(found.columns.get_loc("feature") + 1, "name", found["feature"].map(called))
        tables[name] = found
    return tables


def _dataset(data: Any, config: Config) -> Dataset:
    from napari_trsmi.data.readers import from_memory

    if isinstance(data, str | Path):
        return read(data, kinds=config.preprocess.kinds or None)
    return from_memory(data, kinds=config.preprocess.kinds or None)
