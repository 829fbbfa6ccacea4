"""The composition of sections as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.study.shares import By, composition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_trsmi.data.result import Result


def draw_composition(result: Result, by: By | None = None) -> Figure:
    """Return a figure with one bar per section, made of its domains in their colours; sections of a condition together.

    Parameters
    ----------
    result, by
        As for `composition`.

    Raises
    ------
    DataError
        As for `composition`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    table = composition(result, by)
    wide = table.pivot(index="section", columns="domain", values="share").loc[table["section"].unique()]
    names = [str(name) for name in wide.index]
    if by is not None:
        condition = table.drop_duplicates("section").set_index("section")["condition"]
        order = np.argsort([list(dict.fromkeys(condition)).index(one) for one in condition], kind="stable")
        wide = wide.iloc[order]
        names = [f"{condition[name]}: {name}" for name in wide.index]
    figure = Figure(figsize=(7.0, 0.8 + 0.3 * len(wide)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    left = np.zeros(len(wide))
    for color, domain in zip(result.palette, result.names, strict=True):
        share = 100 * wide[domain].to_numpy()
        axes.barh(names, share, left=left, color=color, label=domain, height=0.8)
        left += share
    axes.set(xlim=(0, 100), xlabel="% of the spots")
    axes.invert_yaxis()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=9, left=False)
    axes.legend(
        title="Domain",
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=8,
        ncols=1 + len(result.names) // 12,
    )
    return figure
