"""Layers of a section and of its domains, as plain tuples: no window, no Qt, no viewer.

All layers share one world: micrometres where the section's resolution is known, else its own units. Points keep the
coordinates of the file as (row, column) = (y, x); the image is scaled to them, never the other way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.state import OpenSection

LayerData = tuple[Any, dict[str, Any], str]


def mark(section: OpenSection, role: str) -> dict[str, Any]:
    """Return the metadata by which a layer is known as part of `section`."""
    return {"trsmi": {"section": section, "role": role}}


def world(dataset: Dataset) -> tuple[float, str]:
    """Return the length of one unit of the coordinates in the world, and the name of the world's unit."""
    if dataset.microns_per_unit is None:
        return 1.0, "pixel"
    return dataset.microns_per_unit, "um"


def section_layers(section: OpenSection) -> list[LayerData]:
    """Return the layers that a file opens with: tissue image where there is one, spots, and domains where known."""
    from napari_trsmi.gui.state import Shown

    layers = [spots_layer(section)]
    if section.dataset.image is not None:
        layers.insert(0, image_layer(section))
    if (result := section.result) is not None:
        layers.append(domains_layer(section, Shown(result.labels, result.names, result.palette)))
    return layers


def image_layer(section: OpenSection) -> LayerData:
    """Return the tissue image, scaled to the coordinates of the spots."""
    dataset = section.dataset
    assert dataset.image is not None
    unit, name = world(dataset)
    step = unit / dataset.image.scale
    return (
        dataset.image.pixels,
        {
            "name": f"{dataset.name} tissue",
            "scale": (step, step),
            "units": (name, name),
            "rgb": True,
            "metadata": mark(section, "image"),
        },
        "image",
    )


def spots_layer(section: OpenSection) -> LayerData:
    """Return the spots, at their true size where it is known."""
    return _points(section, "spots", np.array([0.75, 0.75, 0.75, 1.0]))


def domains_layer(section: OpenSection, shown: Any) -> LayerData:
    """Return the spots in the colours of their domains."""
    from matplotlib.colors import to_rgba_array

    return _points(section, "domains", to_rgba_array(shown.colors)[shown.labels])


def _points(section: OpenSection, role: str, color: np.ndarray) -> LayerData:
    from napari_trsmi.data.squidpy_library import spacing

    dataset = section.dataset
    unit, name = world(dataset)
    return (
        dataset.coords[:, ::-1],
        {
            "name": f"{dataset.name} {role}",
            "size": dataset.spot_diameter or spacing(dataset.coords),
            "scale": (unit, unit),
            "units": (name, name),
            "face_color": color,
            "border_width": 0,
            "metadata": mark(section, role),
        },
        "points",
    )
