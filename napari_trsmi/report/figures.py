"""Figures of the report, as text that an HTML page can hold."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.summary import number_curve_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_trsmi.data.result import Result
    from napari_trsmi.study import By

_DPI = 110


def domains(result: Result) -> str:
    """Return the domains over the tissue with legend and scale bar."""
    from napari_trsmi.figure import draw

    return _png(draw(result, width=6.0), dpi=150)


def map_of(result: Result, values: np.ndarray) -> str:
    """Return (N,) values in [0, 1] over the tissue, with a colour bar."""
    from napari_trsmi.figure import draw_map

    return _png(draw_map(result, values, width=3.6))


def composition(result: Result, by: By | None) -> str:
    """Return a bar per section, made of its domains."""
    from napari_trsmi.study import draw_composition

    return _png(draw_composition(result, by))


def course(result: Result) -> str:
    """Return the loss terms and the schedules over the epochs."""
    epochs = [step.epoch for step in result.history]
    figure, (left, right) = _axes(2, width=8.0, height=2.6)
    for name in result.history[0].losses:
        left.plot(epochs, [step.losses.get(name, np.nan) for step in result.history], label=name, lw=1.2)
    left.set(xlabel="epoch", title="Losses", yscale="symlog")
    for name in ("beta", "temperature", "tau_c"):
        right.plot(epochs, [getattr(step, name) for step in result.history], label=name, lw=1.2)
    moved = [(step.epoch, step.churn) for step in result.history if np.isfinite(step.churn)]
    if moved:
        right.plot(*zip(*moved, strict=True), "o-", ms=3, label="spots that changed domain", lw=1.2)
    right.set(xlabel="epoch", title="Schedules")
    for axes in (left, right):
        axes.legend(fontsize=7, frameon=False)
    return _png(figure)


def curve(rows: list[dict[str, Any]]) -> str:
    """Return stability by number of domains, with its range."""
    figure, (axes,) = _axes(1, width=4.5, height=2.6)
    k = [row["n_domains"] for row in rows]
    axes.fill_between(k, [row["low"] for row in rows], [row["high"] for row in rows], alpha=0.2, lw=0)
    axes.plot(k, [row["stability"] for row in rows], "o-", ms=3, lw=1.2)
    axes.set(xlabel="number of domains", ylabel="ARI between seeds", ylim=(min(0.0, axes.get_ylim()[0]), 1.02))
    return _png(figure)


def numbers(told: dict[str, Any]) -> str:
    """Return what speaks for each number of domains; bold: as good as the chosen one."""
    figure, (axes,) = _axes(1, width=4.5, height=2.6)
    k = np.array(told["numbers"])
    what, values = number_curve_of(told)
    found = np.array(values)
    good = np.isin(k, told["about_as_good"])
    axes.plot(k, found, "o-", ms=3, lw=1.2, alpha=0.5)
    axes.plot(k[good], found[good], "o", ms=6, color="C0")
    axes.axvline(told["chosen"], ls=":", color="0.3", lw=1)
    axes.set(xlabel="number of domains", ylabel=what)
    axes.xaxis.get_major_locator().set_params(integer=True)
    return _png(figure)


def _axes(n: int, width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, n, squeeze=False)[0]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8)
    return figure, axes


def _png(figure: Figure, dpi: float = _DPI) -> str:
    """Return a figure as the address of a PNG that is part of the page."""
    from napari_trsmi.figure import with_plain_names

    stream = io.BytesIO()
    with_plain_names(figure).savefig(stream, format="png", dpi=dpi, bbox_inches="tight", pad_inches=0.05)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
