"""Settings unlike the defaults, and the editors of the form as a person uses them."""

from __future__ import annotations

from napari_trsmi.config import Config

NO_DEFAULT = Config(
    graph={"k_spatial": 12, "metric": "cosine", "learn_mix": False},
    align={"temperature": {"start": 1.25, "end": 0.05, "shape": "cosine"}},
    diffusion={"scales": ((3, 0.3),)},
    train={"weight_decay": 1e-5},
    device="cpu",
)


def number(form, name):
    """The spin box of a setting."""
    return form.rows[name].editor.box
