"""What a device does of preparation and cut, for the benchmark on a GPU: each function against the CPU's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from gpu_section import wave_section
from tables import Table

from napari_trsmi import sampling
from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.config import Cluster
from napari_trsmi.graphs import neighbour_mean, spatial_graph
from napari_trsmi.model.accelerated import OnDevice

AGREE = 2e-3  # largest difference over largest value that float32 and another order of sums may leave
SAME = 99.0  # ARI x100 of whole cuts
K, ROWS = 8, 4_096

Function = Callable[[Accelerator], np.ndarray]


@contextmanager
def large(n: int) -> Iterator[None]:
    """Take sections of n spots for large ones, which are the only ones that a device is asked about."""
    before, sampling.SAMPLE = sampling.SAMPLE, min(sampling.SAMPLE, n // 2)
    try:
        yield
    finally:
        sampling.SAMPLE = before


def functions(n: int) -> dict[str, Function]:
    """Return {name: function of a device that returns one array, (N, c) or (N,) labels}, on one section of n spots."""
    from napari_trsmi.coherence import coherent_components, denoise
    from napari_trsmi.data.streamed import principal
    from napari_trsmi.domains.clustering import find_domains
    from napari_trsmi.domains.features import domain_features
    from napari_trsmi.domains.mixture import fit_mixture, posterior_of
    from napari_trsmi.domains.rings import ring_components
    from napari_trsmi.domains.starts import kmeans
    from napari_trsmi.neighbours import nearest

    features, coords = wave_section(n)
    parts, spatial = tuple(features.values()), spatial_graph(coords, 6)
    neighbours, settings = neighbour_mean(spatial), Cluster(n_init=2)
    embedding = np.hstack(parts)[:, ::3].copy()
    start = kmeans(embedding, K, 2, 0)
    some = embedding[:ROWS]

    def rows() -> Iterator[np.ndarray]:
        return (np.hstack([part[at : at + ROWS] for part in parts]) for at in range(0, n, ROWS))

    def labels(context: str) -> Function:
        own = settings.model_copy(update={"context": context})
        given: dict[str, Any] = {"n_domains": K, "evidence": parts, "inputs": parts}
        return lambda device: find_domains(embedding, spatial, own, device=device, **given).labels

    return {
        "components": lambda device: principal(rows, n, 20, device),
        "coherent components": lambda device: coherent_components(parts, spatial, device=device)[0],
        "averaging over the tissue": lambda device: denoise(parts[0], spatial, device=device)[0],
        "similar spots": lambda device: (device.nearest(some, 20) or (0, nearest(some, 20).distance))[1],
        "what is clustered": lambda device: domain_features(embedding, spatial, settings, device=device),
        "rings": lambda device: ring_components(embedding, spatial, device=device),
        "mixture and field": lambda device: fit_mixture(embedding, start, neighbours, device=device).posterior,
        "posterior": lambda device: posterior_of(parts, start, K, neighbours, 2.0, device=device),
        "domains, averaged": labels("averaged"),
        "domains, ring by ring": labels("rings"),
    }


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference over the largest value; which way a component points is chance."""
    found = found * np.where((found * expected).sum(axis=0) < 0, -1.0, 1.0)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def timed(function: Function, device: Accelerator) -> tuple[np.ndarray, float]:
    """Return what a function returns, numpy and so done, and its seconds."""
    started = time.perf_counter()
    return function(device), time.perf_counter() - started


def functions_table(device: torch.device, n: int) -> tuple[Table, list[dict[str, Any]]]:
    """Return how each function agrees between the CPU and a device, whether it repeats, and its seconds on both."""
    from sklearn.metrics import adjusted_rand_score

    records: list[dict[str, Any]] = []
    there = OnDevice(device)
    with large(n):
        for name, function in functions(n).items():
            expected, here_s = timed(function, CPU)
            first, first_s = timed(function, there)
            again, there_s = timed(function, there)
            whole = expected.ndim == 1
            agrees = 100 * adjusted_rand_score(expected, first) if whole else difference(first, expected)
            records.append(
                {
                    "function": name,
                    "ari" if whole else "difference": agrees,
                    "agrees": bool(agrees >= SAME if whole else agrees <= AGREE),
                    "repeats": bool(np.array_equal(first, again)),
                    "cpu_s": here_s,
                    "first_s": first_s,
                    "device_s": there_s,
                }
            )
    rows = [
        [
            r["function"],
            f"{r['difference']:.1e}" if "difference" in r else f"ARI {r['ari']:.2f}",
            "yes" if r["repeats"] else "no",
            *(f"{r[key]:.3g}" for key in ("cpu_s", "first_s", "device_s")),
        ]
        for r in records
    ]
    reached = all(r["agrees"] for r in records) and not there.notes
    goal = f"Differences <= {AGREE:g} and ARI >= {SAME:g}"
    notes = [*there.notes, f"{goal}, all on {device}: {'REACHED' if reached else 'NOT REACHED'}"]
    columns = ["against the CPU", "largest difference", "twice the same bits", "CPU s", f"{device} s, first", "again"]
    return Table(f"Preparation and cut on {device}: {n:,} spots, two modalities of 50", columns, rows, notes), records
