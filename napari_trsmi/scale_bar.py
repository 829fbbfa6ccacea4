"""The scale bar of a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def add_scale_bar(axes: Axes, height: float, microns_per_unit: float | None) -> None:
    """Draw a scale bar below the axes (`height` inches): in micrometres, or in pixels where none is known."""
    from matplotlib_scalebar.scalebar import ScaleBar

    known: dict[str, Any] = (
        {"dx": 1.0, "units": "px", "dimension": "pixel-length"}
        if microns_per_unit is None
        else {"dx": microns_per_unit, "units": "um"}
    )
    below = axes.inset_axes((0.0, -0.35 / height, 1.0, 0.35 / height))
    below.set(xlim=axes.get_xlim())
    below.axis("off")
    below.add_artist(
        ScaleBar(
            **known,
            location="upper right",
            frameon=False,
            border_pad=0.4,
            length_fraction=0.25,
            rotation="horizontal-only",
            scale_loc="left",
            width_fraction=0.1,
            scale_formatter=_length,
            font_properties={"size": 9},
        )
    )


def _length(value: float, unit: str) -> str:
    """Return a length as text: plain letters for the micrometre, and no thousands of pixels."""
    return f"{1000 * value:g} px" if unit == "kpx" else f"{value:g} {'µm' if 'mu' in unit else unit}"
