"""What a person said of domains, and what colours the spots, as a session file holds it. No Qt."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=4000)]
Pixels = Annotated[int, Field(ge=-20_000, le=20_000)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
Zoom = Annotated[float, Field(gt=0, lt=1e9, allow_inf_nan=False)]
Color = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]


class Part(BaseModel):
    """Base of all parts: what a later version adds is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class SavedBoundary(Part):
    """What a person judged of a boundary, which is found again by its domains, its edges and its place."""

    domain_a: Annotated[int, Field(ge=0)]
    domain_b: Annotated[int, Field(ge=0)]
    n_edges: Annotated[int, Field(ge=0)]
    x: Number
    y: Number
    review: Literal["", "keep", "doubt", "reject"] = ""
    note: Name = ""
    carried_from: Name = ""


class SavedWords(Part):
    """What a person said of the domains in a file since it was written.

    Attributes
    ----------
    labels
        Check sum of the domains that it was said of.
    """

    labels: int
    names: tuple[Name, ...] = ()
    colors: tuple[Color, ...] = ()
    review: Annotated[tuple[SavedBoundary, ...], Field(max_length=1_000_000)] = ()


class SavedChannel(Part):
    """One of the features that colour the spots together."""

    of: tuple[Name, Name]
    color: Color
    limits: tuple[Number, Number]


class SavedColoring(Part):
    """What colours the spots: `of` as `maps.coloring_of` takes it, or several features."""

    of: tuple[Name, Name] | None = None
    colormap: Name = ""
    limits: tuple[Number, Number] | None = None
    channels: Annotated[tuple[SavedChannel, ...], Field(max_length=10)] = ()
