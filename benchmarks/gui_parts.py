"""What `gui.py` measures: each function works in the window of a viewer and returns plain numbers."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from window import current, held, panned, put, settle, timed, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset

PLUGIN = "napari-trsmi"
N_GENES, MAX_VALUES = 20_000, 50_000_000  # of the tables that are recoloured by gene
KEYS = ("g", "gene1", "9", "ene77", "none")  # what is typed


def docks(viewer: Viewer, name: str) -> dict[str, Any]:
    """Return the seconds until a dock is open and drawn, nothing but napari being imported before."""
    started = time.perf_counter()
    viewer.window.add_plugin_dock_widget(PLUGIN, name)
    settle()
    return {"seconds": time.perf_counter() - started}


def load(viewer: Viewer, path: str) -> dict[str, Any]:
    """Return the seconds from asking for a file to seeing it, the first time and with everything imported."""
    seconds = []
    for _ in range(2):
        viewer.layers.clear()
        settle()
        seconds.append(timed(lambda: viewer.open(path, plugin=PLUGIN)))
    return {"first_s": seconds[0], "seconds": seconds[1], "n_layers": len(viewer.layers)}


def recolour(viewer: Viewer, n: int, repeats: int = 7) -> dict[str, Any]:
    """Return the seconds to open, to show other domains, and to colour by another gene, each until it is drawn."""
    from napari_trsmi.gui.finding.features import FeatureIndex
    from napari_trsmi.gui.finding.maps import feature_coloring
    from napari_trsmi.gui.session.state import Shown
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)
    made = sparse_section(n)
    opened = timed(lambda: put(viewer, made))
    session, camera = current(viewer), viewer.scene.camera
    again = [timed(lambda away=away: setattr(camera, "zoom", camera.zoom * away)) for away in (0.99, 1 / 0.99) * 3]
    rng = np.random.default_rng(0)
    labels = np.minimum(8 * made.coords[:, 0] / np.ptp(made.coords[:, 0]), 7).astype(int)
    colors = tuple(f"#{k * 30:02x}8855" for k in range(8))
    previews, genes, values = [], [], []
    for epoch in range(repeats + 1):
        labels = np.where(rng.random(n) < 0.05, rng.integers(0, 8, n), labels)
        shown = Shown(labels, tuple("12345678"), colors, epoch)
        previews.append(timed(lambda shown=shown: session.show(shown)))
    for gene in range(repeats + 1):
        name = f"gene{gene}"
        started = time.perf_counter()
        coloring = feature_coloring(made, "rna", name)
        values.append(time.perf_counter() - started)
        genes.append(values[-1] + timed(lambda coloring=coloring: session.color(coloring)))
    index, keys = FeatureIndex(made), []
    for text in KEYS:
        started = time.perf_counter()
        index.search(text)
        keys.append(time.perf_counter() - started)
    return {
        "n_spots": n,
        "open_s": opened,
        "draw_s": again,
        "preview_s": previews[1:],  # the first adds the layer
        "gene_s": genes[1:],
        "values_s": values[1:],
        "key_s": keys,
    }


def ticks(viewer: Viewer, dataset: Dataset, config: Config, idle_s: float = 20.0) -> dict[str, Any]:
    """Return how late a timer of 10 ms comes while the camera is panned, idle and then in training."""
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)
    put(viewer, dataset)
    session = current(viewer)
    session.set_config(config)
    settle()
    with panned(viewer) as late:
        end = time.perf_counter() + idle_s
        until(lambda: time.perf_counter() > end, idle_s + 10)
        idle = list(late)
    with panned(viewer) as late:
        session.start()
        until(lambda: session.state == "idle", 500)
    steps = session.last_run.steps if session.last_run is not None else []
    return {"idle_s": idle, "late_s": late, "epochs": len(steps), "n_spots": dataset.n_spots}


def answers(viewer: Viewer, dataset: Dataset, config: Config) -> dict[str, Any]:
    """Return the seconds from pause, finish and cancel to the last epoch after it, and how many epochs began after."""
    put(viewer, dataset)
    session = current(viewer)
    session.set_config(config)
    found: dict[str, Any] = {}
    arrived: list[float] = []
    trained: list[float] = []  # the same epochs by the clock of the training
    asked: list[float] = []
    question: list[Callable[[], None]] = []

    def on_step(step: Any) -> None:
        """Ask when an epoch came in."""
        arrived.append(time.perf_counter())
        trained.append(step.seconds)
        if question and len(arrived) >= 3:
            asked.append(time.perf_counter())
            question.pop()()

    session.stepped.connect(on_step)

    def ask(act: Callable[[], None]) -> Any:
        for old in (arrived, trained, asked):
            old.clear()
        question.append(act)
        if session.state == "paused":
            session.resume()
        else:
            session.start()
        trainer = session.run.trainer if session.run is not None else None
        until(lambda: bool(asked), 120)
        return trainer

    def late() -> dict[str, Any]:
        # Reports wait for the window: only the training's own clock tells which epochs began after the question.
        began = min(np.subtract(arrived, trained)) + np.array(trained[:-1])
        return {"seconds": max(arrived[-1] - asked[0], 0.0), "epochs": int((began > asked[0]).sum())}

    ask(session.pause)
    until(lambda: time.perf_counter() > max(arrived) + 1.5, 60)
    found["pause"] = late()
    ask(session.finish)
    until(lambda: session.state == "idle", 120)
    found["finish"] = late() | {"result_s": time.perf_counter() - asked[0]}
    trainer = ask(session.cancel)
    until(trainer.ended.is_set, 60)
    found["cancel"] = {"seconds": time.perf_counter() - asked[0], "epochs": 0}
    return found | {"epoch_s": float(median(np.diff(arrived)))}


def rounds(viewer: Viewer, dataset: Dataset, config: Config, n: int) -> dict[str, Any]:
    """Return threads, layers and memory before and after n runs that were started and cancelled."""
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)
    put(viewer, dataset)
    session = current(viewer)
    session.set_config(config)

    def go() -> None:
        session.start()
        assert session.run is not None
        run = session.run
        until(lambda: len(run.previews) > 0, 120)
        session.cancel()
        until(run.trainer.ended.is_set, 60)  # type: ignore[union-attr]
        settle()

    for _ in range(3):  # what is made once
        go()
    before = held(viewer)
    for _ in range(n):
        go()
    return {"rounds": n, "before": before, "after": held(viewer)}


def sparse_section(n: int) -> Dataset:
    """Return a section of n spots on a hexagonal grid with counts of 20,000 genes, each spot with up to 400 of them."""
    import pandas as pd
    from anndata import AnnData
    from scaling import hexagonal_grid
    from scipy import sparse

    from napari_trsmi.data.dataset import Dataset, Modality

    per, rng = min(400, MAX_VALUES // n), np.random.default_rng(0)
    some = np.sort(rng.integers(0, N_GENES, (500, per), dtype=np.int32), axis=1)
    indices = np.tile(some, (n // 500 + 1, 1))[:n].ravel()
    values = rng.integers(1, 9, len(indices)).astype(np.float32)
    counts = sparse.csr_matrix((values, indices, np.arange(0, n * per + 1, per)), shape=(n, N_GENES))
    names = np.array([f"spot{i}" for i in range(n)])
    obs = pd.DataFrame(index=pd.Index(names, dtype=object))
    table = AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"gene{j}" for j in range(N_GENES)]))
    return Dataset(f"{n} spots", {"rna": Modality("rna", "rna", table)}, hexagonal_grid(n), names, obs)


def trained_on(quick: bool) -> tuple[Dataset, Config]:
    """Return the section and the settings that are trained with: the mouse brain, where quick or missing the sample."""
    from datasets import CASES

    import napari_trsmi as nt

    case = next(c for c in CASES if c.name == ("sample" if quick else "mouse_brain"))
    case = case if case.path.exists() else next(c for c in CASES if c.name == "sample")
    train = {"epochs": 15, "preview_every": 3} if quick else {}
    return nt.read(case.path), nt.Config(cluster={"n_domains": case.n_domains}, train=train)
