"""A picture of the section as if stained with haematoxylin and eosin; it agrees with the domains."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from napari_trsmi.data.simulate.tissue import Tissue, turned

# Absorbance of the two stains in red, green and blue.
_HAEMATOXYLIN = np.array([0.65, 0.70, 0.29])
_EOSIN = np.array([0.10, 0.92, 0.32])
_GLASS = np.array([244.0, 243.0, 246.0])
_STEP = 4  # grey levels are whole multiples of this: the eye sees no steps, and the picture packs to half the size


def paint(tissue: Tissue, corner: np.ndarray, extent: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a (H, W, 3) uint8 picture of the rectangle from `corner`, `extent` wide and high in tissue radii.

    Its longest side has `size` pixels. Time and memory depend on `size` and not on the number of spots.
    """
    width, height = np.maximum(1, np.round(size * extent / extent.max())).astype(int)
    pixel = extent.max() / size  # tissue radii per pixel
    rows, columns = np.indices((height, width))
    points = np.column_stack([columns.ravel() + 0.5, rows.ravel() + 0.5]) * pixel + corner

    def noise(sigma: float) -> np.ndarray:
        smooth = gaussian_filter(rng.standard_normal((height, width)), sigma)
        return smooth / max(smooth.std(), 1e-12)

    # The rim frays a little: the points are moved by smooth noise before the tissue is asked.
    rim = points + pixel * np.column_stack([noise(3).ravel(), noise(3).ravel()])
    level = tissue.level(rim).reshape(height, width)
    inside = gaussian_filter((level <= tissue.edge + pixel).astype(float), 0.6)
    shares = tissue.membership(rim).astype(float)
    nuclei, eosin, fibres = (
        (shares @ values).reshape(height, width) for values in _stains(tissue.n_layers, tissue.n_domains)
    )
    # Islands are follicles: pale in the middle, with a dense mantle.
    island = shares[:, tissue.n_layers :].sum(axis=1).reshape(height, width)
    middle = np.clip(2 * gaussian_filter(island, 0.012 * size) - 1, 0, 1)
    nuclei *= 1 - 0.35 * middle
    # Nuclei: one or two pixels each, their number given by the domain; slow noise makes them cluster.
    placed = rng.random((height, width)) < 0.34 * nuclei * np.exp(0.25 * noise(5))
    dots = gaussian_filter(placed * rng.uniform(0.6, 1.4, (height, width)), 0.75)
    # Fibres follow the layers: lines of equal depth, bent and broken up by noise.
    depth = tissue.depth(rim).reshape(height, width)
    strands = np.sin(depth / pixel * 0.8 + 2.0 * noise(9)) * np.clip(0.6 + 0.6 * noise(6), 0, None)
    pink = eosin * (1 + 0.10 * noise(25) + 0.06 * noise(1.5) + 0.3 * fibres * strands)
    blue = 0.05 + 0.26 * nuclei + 2.1 * dots
    for x, y, radius, elongation, direction in tissue.vessels:
        along, across = turned(rim - (x, y), direction)
        distance = (np.hypot(along / elongation, across) / radius).reshape(height, width)
        lumen = expit(8 * (1 - distance))  # white, with soft walls
        pink += 0.5 * np.exp(-(((distance - 1.3) / 0.25) ** 2))
        pink, blue = pink * (1 - lumen), blue * (1 - lumen)
    absorbed = inside[..., None] * (blue[..., None] * _HAEMATOXYLIN + pink[..., None] * _EOSIN)
    colours = _GLASS * np.exp(-np.clip(absorbed, 0, None))
    return (np.round(colours / _STEP) * _STEP).clip(0, 255).astype(np.uint8)


def _stains(n_layers: int, n_domains: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(K,) density of nuclei, strength of eosin and share of fibres of each domain; neighbours differ."""
    order = np.arange(n_domains)
    n_islands = n_domains - n_layers
    nuclei = np.empty(n_domains)
    # Layers alternate between sparse and dense around a slow rise; islands are the densest tissue.
    nuclei[:n_layers] = 0.10 + 0.22 * (order[:n_layers] % 2) + 0.18 * order[:n_layers] / max(n_layers - 1, 1)
    nuclei[n_layers:] = 1.0 - 0.25 * np.arange(n_islands) / max(n_islands - 1, 1)
    eosin = 0.28 + 0.22 * ((order * 0.618) % 1)
    fibres = np.where(order < n_layers, (order * 0.382 + 0.3) % 1, 0.0)
    return nuclei, eosin, fibres
