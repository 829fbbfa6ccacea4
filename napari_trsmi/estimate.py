"""What a run will take, judged by its size: seconds and memory before it has begun."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_trsmi.errors import ConfigError
from napari_trsmi.sampling import tile_size

if TYPE_CHECKING:
    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset

# From the tables "Cost by number of spots" and "Ours by phase" in docs/benchmarks.md: 20,000 spots, two modalities of
# 50 components, one torch thread. Each grows as a power of the number of spots, read off between 20,000 and 200,000.
SPOTS, COMPONENTS = 20_000, 100
EPOCH, EPOCH_POWER = 0.6, 1.2
PREPARE, PREPARE_POWER = 3.5, 1.08
DOMAINS, DOMAINS_POWER = 8.4, 0.85
PREVIEW = 0.1  # of the domains: two starts instead of ten, no sharpening, no boundaries
IMPORTS = 4.0  # torch 2.13 for CPUs and scanpy, in a window with a section; with torch 2.15 for CUDA it was 10
PROGRAM_BYTES, BYTES_PER_SPOT = 0.6e9, 24_000
TILE_SPOTS, TILE, PASS = 10_000, 0.75, 21e-6  # a step on a tile of so many; the pass after training, per spot
TILED_BYTES_PER_SPOT = 6_500
PREPARE_PART = "features and graphs"
ANY_ROOM = 2e9  # bytes that every machine and every GPU that trains has
SURELY = 1.2  # times the memory that is there: an estimate may be off by so much
GPU = 0.1  # of the time of an epoch on the CPU: a guess until a run was measured


def estimate(dataset: Dataset, config: Config, paces: Mapping[str, float] | None = None) -> tuple[float, float]:
    """Return about how many seconds a run takes, and the bytes of memory of the program at the peak.

    An estimate from measurements on two CPU cores; other machines are faster or slower by a factor that stays nearly
    the same from run to run.

    Parameters
    ----------
    dataset
        Its number of spots and of features count.
    config
        Modalities in use, components, epochs, previews and device count.
    paces
        {part of a run, see `parts`: how many times as long it takes on this machine}; 1 where not given.
    """
    tiled = tile_size(config, dataset.n_spots, len(dataset.parts) > 1) > 0
    known = paces or {}
    seconds = sum(known.get(name, 1.0) * value for name, value in parts(dataset, config).items())
    imports = 0.0 if "napari_trsmi.model.training" in sys.modules else IMPORTS
    width = n_components(dataset, config) / COMPONENTS
    size = PROGRAM_BYTES + (TILED_BYTES_PER_SPOT if tiled else BYTES_PER_SPOT) * dataset.n_spots * width
    return imports + seconds, size


def check_room(dataset: Dataset, config: Config) -> None:
    """Raise `ConfigError` where a run that trains the section as a whole would surely run out of memory."""
    size = estimate(dataset, config)[1]
    if size <= ANY_ROOM or tile_size(config, dataset.n_spots, len(dataset.parts) > 1):
        return
    from napari_trsmi.model.devices import memory_of, pick_device

    device = pick_device(config.device)[0]
    room = memory_of(device)
    if size > SURELY * room:
        name = "study.tile_spots" if len(dataset.parts) > 1 else "train.tile_spots"
        raise ConfigError(
            f"Expected a run that fits into the {room / 1e9:.1f} GB of {device}, found one of about "
            f"{size / 1e9:.1f} GB, trained as a whole. Lower {name} below {dataset.n_spots} to train by tiles, or use "
            "fewer components."
        ).saying("There is not enough memory for this run.")


def parts(dataset: Dataset, config: Config, device: str | None = None) -> dict[str, float]:
    """Return {part of a run: about how many seconds it takes on two CPU cores}.

    The names of the parts tell apart what a machine is not equally fast at: devices, training as a whole or by tiles,
    and a number of domains that is given or sought.

    Parameters
    ----------
    device
        Where training runs; that of the settings where not given.
    """
    n, width = dataset.n_spots / SPOTS, n_components(dataset, config) / COMPONENTS
    preprocess, train, cluster = config.preprocess, config.train, config.cluster
    starts, device = cluster.n_init / 10, device or config.device
    n_epochs = train.epochs + train.extra_epochs
    tiled = tile_size(config, dataset.n_spots, len(dataset.parts) > 1)
    if tiled:
        step = TILE * train.tiles_per_step * tiled / TILE_SPOTS
        epochs = (n_epochs * step + PASS * dataset.n_spots) * width
    else:
        epochs = n_epochs * EPOCH * n**EPOCH_POWER * width
    if not device.startswith(("cpu", "auto")):
        epochs *= GPU
    n_previews = 1 + n_epochs // train.preview_every if train.preview_every else 0
    previews = n_previews * PREVIEW * DOMAINS * n**DOMAINS_POWER
    sought = cluster.n_domains is None and cluster.method != "prototypes"
    return {
        PREPARE_PART: PREPARE * n**PREPARE_POWER * width * (1.0 if preprocess.denoise else 0.6),
        f"training on {device}{' by tiles' if tiled else ''}": epochs + previews,
        f"domains{' and their number' if sought else ''}": DOMAINS * n**DOMAINS_POWER * (0.5 + 0.5 * starts),
    }


def measured(
    took: Mapping[str, float], dataset: Dataset, config: Config, device: str | None = None
) -> dict[str, float]:
    """Return {part of a run: how many times as long as estimated it took}.

    Parameters
    ----------
    took
        {stage: seconds} of a run, as its provenance has it.
    """
    by_part = {
        PREPARE_PART: took.get("features and graphs", 0.0),
        "training": took.get("training", 0.0),
        "domains": took.get("domains", 0.0) + took.get("boundaries and scores", 0.0),
    }
    found = {}
    for name, guess in parts(dataset, config, device).items():
        seconds = next(value for part, value in by_part.items() if name.startswith(part))
        if seconds > 0 and guess > 0:
            found[name] = seconds / guess
    return found


def n_components(dataset: Dataset, config: Config) -> int:
    """Return how many components all modalities in use have together, at most."""
    from napari_trsmi.data.dataset import MOST_COMPONENTS

    preprocess = config.preprocess
    used = [m for m in dataset.modalities.values() if not preprocess.modalities or m.name in preprocess.modalities]
    most = min(preprocess.n_components, dataset.n_spots)
    as_they_are = [m.kind == "precomputed" and m.table.n_vars <= MOST_COMPONENTS for m in used]
    return sum(m.table.n_vars if kept else min(most, m.table.n_vars) for m, kept in zip(used, as_they_are, strict=True))
