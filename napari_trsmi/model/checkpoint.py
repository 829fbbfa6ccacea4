"""The state of training as bytes: written whole or not at all, and only taken up by the run that it belongs to."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from napari_trsmi.atomic import replacing
from napari_trsmi.config import Config
from napari_trsmi.errors import DataError, TrainingError
from napari_trsmi.records import Step

logger = logging.getLogger(__name__)

VERSION = 3
READABLE = (2, 3)  # see `named.by_place`


def packed(state: dict[str, Any]) -> bytes:
    """Return a state (tensors, numbers, text) as bytes."""
    file = io.BytesIO()
    torch.save({"version": VERSION, **state}, file)
    return file.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write a packed state: a kill leaves the old checkpoint or the new one.

    Where the disk is full or may no longer be written, a warning is logged and the old one stays: the run is worth
    more than its checkpoint.

    Raises
    ------
    TrainingError
        There is no such place.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except DataError as error:
        if not path.parent.is_dir():
            raise TrainingError(f"{error} Or set train.checkpoint_every=0.") from error
        logger.warning("No checkpoint at %s: %s The run goes on without.", path, error)


def unpacked(source: Path | bytes, config: Config, identity: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """Return the state at a path or in bytes.

    Parameters
    ----------
    config
        The settings of the run that goes on: those of the state, but for epochs and constraints that follow.
    identity
        Entries of the state that must be the same: what the data are known by.
    device
        Where tensors go.

    Raises
    ------
    TrainingError
        It is no state, or one of other settings or data; or candidates were searched, which a state does not hold.
    """
    name = "the result" if isinstance(source, bytes) else str(source)
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        state: dict[str, Any] = torch.load(file, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        found = "no file. Check the path" if isinstance(error, FileNotFoundError) else "other content. Choose another"
        raise TrainingError(f"Expected a checkpoint of this program at {name}, found {found}.") from error
    except Exception as error:  # torch raises pickle errors of its own for other people's files
        raise TrainingError(f"Expected a checkpoint of this program at {name}, found another file.") from error
    if not isinstance(state, dict) or "config" not in state:
        raise TrainingError(f"Expected a checkpoint of this program at {name}, found another file.")
    if state.get("version") not in READABLE or not _alike(Config.from_json(state["config"]), config, state["epoch"]):
        raise TrainingError(f"Expected a checkpoint of the same settings, found others in {name}. Start a new run.")
    if state.get("tiles") != identity["tiles"]:
        asked, found = (_in_words(one) for one in (identity["tiles"], state.get("tiles")))
        raise TrainingError(
            f"Expected a checkpoint of a run {asked}, found one of a run {found} in {name}. Set train.tile_spots, "
            "study.tile_spots and train.tile_size as they were, or start a new run."
        )
    if any(state.get(key) != value for key, value in identity.items()):
        raise TrainingError(
            f"Expected a checkpoint of the same data, the same spots in the same order, found others in {name}. "
            "Start a new run."
        )
    if config.align.candidates == "ann":
        raise TrainingError("Continuing needs align.candidates='graph' or 'dense', found 'ann'. Start a new run.")
    return state


def plain(step: Step) -> dict[str, Any]:
    """Return a step without its arrays, for a checkpoint that loads without running code."""
    slim = replace(step, labels=None, embedding=None)
    return {name: getattr(slim, name) for name in slim.__slots__}


def _in_words(tiles: tuple[int, int] | None) -> str:
    """How a run sees its section, from the number of tiles and of spots in the largest; None as a whole."""
    return "as a whole" if tiles is None else f"by {tiles[0]:,} tiles of up to {tiles[1]:,} spots"


def _alike(before: Config, now: Config, epoch: int) -> bool:
    """Return whether the first `epoch` epochs are the same under both settings, however many follow."""

    def first(config: Config) -> Config:
        began = [c for c in config.constraints if c.start < epoch]
        ended = [c if c.until is None or c.until < epoch else c.model_copy(update={"until": None}) for c in began]
        free = ("epochs", "extra_epochs", "preview_every", "checkpoint_every", "tile_spots", "tile_size")
        train = config.train.model_copy(update={name: getattr(now.train, name) for name in free})
        study = config.study.model_copy(update={"tile_spots": now.study.tile_spots})
        same = {"train": train, "study": study, "device": now.device, "threads": now.threads}
        return config.model_copy(update={**same, "constraints": tuple(ended)})

    return first(before) == first(now)
