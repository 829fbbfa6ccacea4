"""One run from a dataset to its result: features and graphs, training with previews, domains and their boundaries."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.estimate import check_room
from napari_trsmi.interrupt import check
from napari_trsmi.number import number_of_domains
from napari_trsmi.previews import Previews
from napari_trsmi.records import Checkpoints, Fit, Step
from napari_trsmi.stages import Prepared, assemble, cut, prepare, with_device
from napari_trsmi.telling import BOUNDARIES, EMBEDDING, FINDING, tell


def steps_of(
    dataset: Dataset,
    config: Config,
    started: float,
    previews: bool,
    checkpoint: str | Path | None,
    resume: Path | bytes | None,
    prepared: Prepared | None,
    states: Checkpoints | None,
) -> Generator[Step, str | None, Result]:
    """Yield the steps of a run and return its result, as `api.fit_steps` does.

    Parameters
    ----------
    dataset, config, previews, checkpoint, resume, prepared, states
        As there, the dataset read and all given.
    started
        Time, by `time.perf_counter`, at which reading it began.

    Raises
    ------
    DataError, ConfigError, TrainingError
        As there.
    """
    from napari_trsmi.evidence.alike import mixing, mixing_notes
    from napari_trsmi.evidence.pieces import apart_notes
    from napari_trsmi.evidence.shallow import shallow_domains
    from napari_trsmi.evidence.technical import find_in, known_depths
    from napari_trsmi.model.training import train

    training = config
    if not previews:
        training = config.model_copy(update={"train": config.train.model_copy(update={"preview_every": 0})})
    check_room(dataset, config)
    if checkpoint is not None:
        check_checkpoint(Path(checkpoint))
    prepared = prepared or prepare(dataset, config, together=True)
    seconds = {"features and graphs": time.perf_counter() - started}
    check()

    steps = train(
        prepared.features,
        prepared.spatial,
        prepared.feature_graphs,
        training,
        obs_names=prepared.dataset.obs_names,
        carry=prepared.carry,
        has=prepared.has,
        tiles=prepared.tiles,
        checkpoint=None if checkpoint is None else Path(checkpoint),
        resume=resume,
        states=None if config.align.candidates == "ann" else states,  # those cannot be resumed
    )
    viewer = Previews(prepared, config)
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
            if answer == "stop" or step.epoch == step.n_epochs:
                tell(EMBEDDING)
    except StopIteration as end:
        trained: Fit = end.value
    seconds["training"] = time.perf_counter() - started - sum(seconds.values())

    earlier = trained.history[: len(trained.history) - len(history)]  # epochs before a checkpoint
    n_domains, numbers = number_of_domains(trained, prepared, config)
    done = len(trained.history)
    tell(FINDING)
    partition = cut(trained.embedding, prepared, config, n_domains, trained.prototypes, done)
    seconds["domains"] = time.perf_counter() - started - sum(seconds.values())
    tell(BOUNDARIES)
    result = assemble(prepared, config, trained.embedding, partition)
    apart = mixing_notes(mixing(result, prepared)) if dataset.parts else []
    technical = [{"sentence": one.sentence, "remedy": one.remedy} for one in find_in(prepared, config)]
    shallow = shallow_domains(partition.labels, result.names, known_depths(prepared, config), dataset.section)
    pieces = [] if dataset.parts else apart_notes(partition.labels, prepared.spatial)
    technical += [{"sentence": sentence, "remedy": ""} for sentence in (*shallow, *pieces)]
    seconds["boundaries and scores"] = time.perf_counter() - started - sum(seconds.values())
    result = replace(
        result,
        correspondences=trained.correspondences,
        modality_weights=trained.modality_weights,
        history=(*earlier, *history),
        state=trained.state,
        provenance={
            **with_device({**result.provenance, "notes": [*result.provenance["notes"], *apart]}, trained),
            "stopped": trained.stopped,
            "seconds": seconds,
            **numbers,
            **({"technical": technical} if technical else {}),
        },
    )
    if earlier:
        result.provenance["resumed_at"] = len(earlier)
    return result


def check_checkpoint(path: Path) -> None:
    """Raise `DataError` where a checkpoint would replace what is none: a section, or whatever else bears its name."""
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        with zipfile.ZipFile(path) as file:
            known = any(name.endswith("/data.pkl") for name in file.namelist())  # as torch writes them
    except zipfile.BadZipFile:
        known = False
    if not known:
        raise DataError(f"Expected a checkpoint to replace at {path}, found another file. Choose another name.")
