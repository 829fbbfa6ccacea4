"""Training as a generator of steps: a test, a progress bar and a window consume the same loop."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from napari_trsmi.config import Config
from napari_trsmi.errors import TrainingError
from napari_trsmi.model.devices import pick_device
from napari_trsmi.model.ranks import lost
from napari_trsmi.model.trainer import Trainer
from napari_trsmi.records import Checkpoints, Fit, Step
from napari_trsmi.tiles import Tiles


def train(
    features: dict[str, np.ndarray],
    spatial: sparse.csr_matrix,
    feature_graphs: dict[str, sparse.csr_matrix],
    config: Config,
    *,
    obs_names: np.ndarray | None = None,
    carry: dict[str, sparse.csr_matrix] | None = None,
    has: dict[str, np.ndarray] | None = None,
    tiles: Tiles | None = None,
    checkpoint: Path | None = None,
    resume: Path | bytes | None = None,
    states: Checkpoints | None = None,
    until: int | None = None,
) -> Generator[Step, str | None, Fit]:
    """Train TRSMI; yield one `Step` per epoch and return a `Fit`.

    Sending ``"stop"`` ends training after the step that was just yielded and keeps what there is; not advancing the
    generator pauses it. Steps of preview epochs carry the embedding. Between steps torch's threads and random numbers
    are the caller's.

    Parameters
    ----------
    features
        {modality: (N, D_m) float32}, one or more modalities over the same spots.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    feature_graphs
        {modality: (N, N) CSR}, symmetric, zero diagonal, similarity weights.
    config
        The settings.
    obs_names
        (N,) str barcodes, by which constraints name spots; their row numbers where not given.
    carry, has
        {modality: (N, N) CSR} and {modality: (N,) bool} of those that some spots lack: from which spots it is carried
        over, and which have it. See `carrying.carriers`.
    tiles
        By which training goes instead of the section as a whole; feature edges join spots of one tile. What spots lack
        is then in `features` already, and stays as it is.
    checkpoint
        File to write every `train.checkpoint_every` epochs.
    resume
        Checkpoint, or state of a `Fit`, to continue from; on one CPU the end is the same as that of an unbroken run.
    states
        Where the state goes at each preview.
    until
        Epoch to end after, as if a person did.

    Raises
    ------
    TrainingError
        The loss is not finite, memory runs out, or the checkpoint does not fit.
    """
    try:
        trainer = Trainer(features, spatial, feature_graphs, config, obs_names, carry, has, tiles)
        if resume is not None:
            trainer.load(resume)
        return (yield from trainer.run(checkpoint, states, until))
    except (RuntimeError, MemoryError) as error:  # of torch and numpy; generator workers would swallow the former
        if told := lost(error):
            raise told from error
        if _no_memory(error):
            raise TrainingError(
                f"Expected the run to fit into the memory of {pick_device(config.device)[0]}, found too little. "
                "Lower train.tile_spots (of a study study.tile_spots) to train by tiles, use fewer components, a "
                "smaller graph.k_feature, or device='cpu'."
            ).saying("There was not enough memory for this run.") from error
        raise TrainingError(f"Training stopped in torch: {str(error).splitlines()[0]}") from error


def _no_memory(error: Exception) -> bool:
    """Whether memory ran out: torch has an error of its own for that on a GPU only."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(words in str(error) for words in ("allocate memory", "out of memory"))
