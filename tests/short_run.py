"""A short run on a small slice, and a way to the end of one."""

from __future__ import annotations

import napari_trsmi as nt

N, K = 160, 4


def small_slice():
    """A simulated section of N spots and K domains."""
    return nt.simulate(n_spots=N, n_domains=K, n_genes=80, n_proteins=15, contrast=2.0, image=0, seed=2)


def settings(**sections) -> nt.Config:
    """Settings of a short run, none left to its default that a test depends on."""
    explicit = {
        "graph": {"k_feature": 8},
        "cluster": {"n_domains": K, "n_init": 2, "method": "mixture", "refinement": "potts"},
        "train": {"epochs": 6, "preview_every": 2},
        "evidence": {"support": False},
    }
    merged = {name: {**explicit.get(name, {}), **sections.get(name, {})} for name in {*explicit, *sections} - {"seed"}}
    return nt.Config(**merged, seed=sections.get("seed", 0), device="cpu", threads=1)


def finish(steps, *answers: str | None) -> tuple[list[nt.Step], nt.Result]:
    """Send the answers one after the other, then run to the end."""
    seen, waiting = [next(steps)], list(answers)
    while True:
        try:
            seen.append(steps.send(waiting.pop(0) if waiting else None))
        except StopIteration as end:
            return seen, end.value
