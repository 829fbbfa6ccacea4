"""How the window lay, as a session file has it. No Qt."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_trsmi.gui.workspace.saved_words import Name, Number, Part, Pixels, Zoom


class SavedRows(Part):
    """Which boundaries the list shows, and in which order.

    Attributes
    ----------
    order
        What comes first; "" where the rows are sorted by a column.
    column, descending
        That column, by its key, and its direction.
    wanted, shortest
        The verdict that is shown and the least length, as in the fields.
    pair
        Numbers of the two domains whose boundaries are shown; None for all.
    """

    order: Name = "weight"
    column: Name = ""
    descending: bool = False
    wanted: Name = "all"
    shortest: Annotated[Number, Field(ge=0)] = 0.0
    pair: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None


class SavedDock(Part):
    """Where a dock lay.

    What Qt itself saves of a window is not used: read from a damaged file, it can end the program.

    Attributes
    ----------
    beside
        Another dock, of which it was a tab.
    width
        Pixels.
    floating
        x, y, width and height on the screen where it was a window of its own.
    """

    name: Name
    area: Literal["left", "right", "top", "bottom"] = "right"
    beside: Name = ""
    width: Annotated[int, Field(ge=0, le=20_000)] = 0
    floating: tuple[Pixels, Pixels, Pixels, Pixels] | None = None


class Arrangement(Part):
    """How the window lay.

    Attributes
    ----------
    docks
        Those that were open, in the order of their tabs.
    front
        The one that was seen.
    size
        Width and height of the window in pixels.
    center, zoom
        Of the camera.
    rows
        What the list of boundaries shows; None where it was not open.
    """

    docks: Annotated[tuple[SavedDock, ...], Field(max_length=50)] = ()
    front: Name = ""
    size: tuple[Annotated[int, Field(ge=100, le=20_000)], Annotated[int, Field(ge=100, le=20_000)]] | None = None
    center: tuple[Number, Number] | None = None
    zoom: Zoom | None = None
    rows: SavedRows | None = None
