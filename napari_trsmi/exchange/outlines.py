"""The ground that spots cover, as polygons: what domains and regions look like in other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

REACH = 0.6  # of the distance between spots: a little more than the corners of hexagons are away from their middle
_SMOOTH = 0.3  # of that distance


class Ground(NamedTuple):
    """The ground of N spots.

    Attributes
    ----------
    shapes
        (N,) polygons of shapely, None where a spot has none.
    exact
        Two that meet share their border to the last bit, and none overlap.
    """

    shapes: np.ndarray
    exact: bool


def tiles(dataset: Dataset) -> Ground:
    """Return the ground of each spot, in the unit of the coordinates.

    Cells with outlines have those. Spots of a square grid have squares; all others the part of the section that is
    nearest to them and no further away than `REACH`, or their radius where that is more: hexagons on a hexagonal grid.
    Of several spots at one place each has that ground.

    Parameters
    ----------
    dataset
        A section, no study.
    """
    import shapely

    from napari_trsmi.data.libraries import spacing
    from napari_trsmi.figure import square_grid

    coords = dataset.coords
    if dataset.outlines is not None:
        return _cells(dataset, REACH * spacing(coords))
    if (steps := square_grid(coords)) is not None:
        low = coords.min(axis=0)
        places = np.round((coords - low) / steps)
        # One number for the edge that two squares share, so that their corners are equal to the last bit.
        (left, top), (right, bottom) = ((low + (places + side) * steps).T for side in (-0.5, 0.5))
        return Ground(np.asarray(shapely.box(left, top, right, bottom)), exact=True)
    return _nearest(coords, max(REACH * spacing(coords), (dataset.spot_diameter or 0.0) / 2))


def regions(ground: Ground, codes: np.ndarray, n: int, *, smooth: bool = False) -> list[Any]:
    """Return the ground of each of n groups of spots as one valid polygon or several, holes and parts included.

    Parameters
    ----------
    codes
        (N,) int group of each spot in 0..n-1, -1 for none.
    smooth
        Round the corners.
    """
    import shapely

    there = ~shapely.is_missing(ground.shapes)
    width = float(np.sqrt(np.median(shapely.area(ground.shapes[there])))) if there.any() else 1.0
    found = []
    for group in range(n):
        check()
        own = ground.shapes[(codes == group) & there]
        # A coverage is many times as fast; spots at one place have one ground, which must not be in it twice.
        exact = ground.exact
        whole = shapely.coverage_union_all(_different(own)) if exact else shapely.disjoint_subset_union_all(own)
        if smooth:
            reach = _SMOOTH * width
            rounded = shapely.buffer(shapely.buffer(shapely.buffer(whole, reach), -2 * reach), reach)
            whole = whole if shapely.is_empty(rounded) else rounded
        found.append(_areas(shapely.make_valid(whole)))
    return found


def _different(shapes: np.ndarray) -> np.ndarray:
    """Return polygons without those that are there already."""
    import shapely

    _, first = np.unique(shapely.to_wkb(shapes), return_index=True)
    return np.asarray(shapes[np.sort(first)])


def _areas(shape: Any) -> Any:
    """Return the polygons of a geometry, without the lines and points that mending it may have left."""
    import shapely

    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shapely.get_parts(shape))  # of a collection the parts of its members
    return shapely.union_all(parts[shapely.area(parts) > 0])


def _nearest(coords: np.ndarray, reach: float) -> Ground:
    """Return the part of the plane that is nearest to each point, within `reach` of it."""
    import shapely

    from napari_trsmi.exchange.nearest import nearest_within

    points, place = np.unique(coords, axis=0, return_inverse=True)
    if len(points) < 2:
        return Ground(shapely.buffer(shapely.points(coords), reach, quad_segs=8), exact=True)
    return Ground(nearest_within(points, reach)[place.ravel()], exact=True)


def _cells(dataset: Dataset, reach: float) -> Ground:
    """Return the outlines of cells; a cell without one has a disc."""
    import shapely

    assert dataset.outlines is not None
    corners, starts = dataset.outlines.of(dataset.obs_names)
    counts = np.diff(starts)
    drawn = counts >= 3
    ring = np.repeat(np.cumsum(drawn) - 1, counts)
    kept = np.repeat(drawn, counts)
    ground = np.asarray(shapely.buffer(shapely.points(dataset.coords), reach, quad_segs=4))
    if drawn.any():
        outlines = shapely.polygons(shapely.linearrings(corners[kept].astype(float), indices=ring[kept]))
        ground[drawn] = [_areas(one) for one in shapely.make_valid(outlines)]
    return Ground(ground, exact=False)


def pixels_per_unit(dataset: Dataset) -> float:
    """Return how many pixels of the full image there are to a unit of the coordinates; 1 where none is known."""
    image = dataset.image
    if image is None or image.pyramid is None:
        return 1.0  # coordinates are in pixels of the full image wherever a file tells of one
    return image.scale / image.pyramid.step
