"""What a saved result tells of its run, checked before anything trusts it: anybody may have changed the file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from napari_trsmi.config import Cluster, Kind
from napari_trsmi.errors import ConfigError, DataError

_DEEPEST = 40  # levels of JSON; ours has fewer than ten
_COLOR = "#[0-9a-fA-F]{6}"
_SHOWN = 80  # characters of a wrong value in a sentence

Number = float | None
"""A number; JSON has no NaN, so that None stands for it."""
Domain = str | int
Color = Annotated[str, Field(pattern=f"^{_COLOR}$")]


class _Part(BaseModel):
    """A part of the record; what other versions have beside it stays as it is."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Edit(BaseModel):
    """An edit is written into scripts as a call: it has its own arguments and no others."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Renamed(_Edit):
    edit: Literal["rename"]
    domain: Domain
    name: str


class _Recolored(_Edit):
    edit: Literal["recolor"]
    domain: Domain
    color: Color


class _Merged(_Edit):
    edit: Literal["merge"]
    domains: list[Domain]
    into: Domain | None = None


class _Nested(_Edit):
    edit: Literal["nested"]
    n_domains: int


class _Reviewed(_Edit):
    edit: Literal["review"]
    segment: int
    verdict: Literal["", "keep", "doubt", "reject"]
    note: str = ""
    carried_from: str = ""


class _Reclustered(_Edit):
    edit: Literal["recluster"]
    cluster: dict[str, Any]

    @field_validator("cluster")
    @classmethod
    def _are_settings(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _settings(value)


Edit = Annotated[_Renamed | _Recolored | _Merged | _Nested | _Reviewed | _Reclustered, Field(discriminator="edit")]


class _Epoch(_Part):
    epoch: int
    losses: dict[str, Number]
    beta: Number
    temperature: Number
    tau_c: Number
    churn: Number
    seconds: Number


class _Source(_Part):
    path: str
    sha256: str | None = None


class _Section(_Part):
    name: str
    paths: list[str] = []
    library: str | None = None


class _PartOf(_Part):
    study: str = ""
    sections: list[str] = []


class _Compared(_Part):
    kind: str
    name: str
    n_labels: int
    differs: dict[str, Any] = {}
    labels: list[str] = []
    contingency: list[list[int]] = []


class _Beside(_Part):
    name: str
    ari: float


class _Point(_Part):
    n_domains: int
    stability: Number
    low: Number
    high: Number


class _Trust(_Part):
    seeds: list[int] = []
    perturbed: bool = False
    seed_agreement: list[list[Number]] = []
    stability: Number = None
    stable_spots: Number = None
    kept: Literal["gradients", "nothing"] = "nothing"
    in_domain: Number = None
    confidence: Number = None
    confidence_by_chance: list[Number] = []
    boundaries_by_chance: int = 0
    n_boundaries: int = 0
    curve: list[_Point] = []
    curve_perturbed: bool = False
    suggested_domains: int = 2
    modality_agreement: dict[str, Number] = {}


class _Support(_Part):
    n_cuts: int = 0
    agreement: Number = None
    spots: Number = None


class _Transferred(_Part):
    sections: list[str] = Field([], alias="from")
    study: str | None = None


class _Technical(_Part):
    sentence: str
    remedy: Literal["", "step", "log_depth", "rim"] = ""


class _Numbers(_Part):
    numbers: list[int] = []
    agreement: list[Number] = []
    chosen: int = 1
    about_as_good: list[int] = []
    told: bool = True


class _Sweep(_Part):
    run: str = ""


_Number = Annotated[str, Field(pattern="^[0-9]{1,6}$")]


class _View(_Part):
    order: list[int] = []
    turns: dict[_Number, Annotated[list[int], Field(min_length=2, max_length=2)]] = {}


class Recorded(_Part):
    """Everything in a record that something here reads again.

    Settings are left to `Config`, the table of boundaries to `saved`.
    """

    modalities: list[str] = []
    domains: list[str] = []
    colors: list[str] = []
    kinds: dict[str, Kind] = {}
    called: dict[str, str] = {}
    library: str | None = None
    method: str = ""
    strength: Number = 0.0
    maps: list[str] = []
    scores: dict[str, Number] = {}
    seconds: dict[str, Number] = {}
    versions: dict[str, str] = {}
    sources: list[_Source] = []
    sections: list[_Section] = []
    part_of: _PartOf | None = None
    section_column: str | None = None
    places: list[Annotated[list[float], Field(min_length=3, max_length=3)]] = []
    view: _View = _View()
    spots: Literal["all", "common"] = "common"
    history: list[_Epoch] = []
    device: str = ""
    stopped: bool = False
    notes: list[str] = []
    edits: list[Edit] = []
    trust: _Trust = _Trust()
    support: _Support = _Support()
    numbers: _Numbers = _Numbers()
    technical: list[_Technical] = []
    transferred: _Transferred | None = None
    comparisons: list[_Compared] = []
    runs: list[_Beside] = []
    sweep: _Sweep = _Sweep()
    devices_tried: dict[str, str] = {}
    kept_preview: int = 0
    resumed_at: int = 0
    reclustered_from: str = ""
    reclustered_with: dict[str, Any] = {}
    trained_cluster: dict[str, Any] = {}

    @field_validator("reclustered_with", "trained_cluster")
    @classmethod
    def _are_settings(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _settings(value)


def is_color(text: str) -> bool:
    """Return whether a text is ``"#rrggbb"``."""
    return re.fullmatch(_COLOR, text) is not None


def read_record(text: str, where: str | Path) -> dict[str, Any]:
    """Return a record of a run from its JSON, every entry that is read again of the type that it must have.

    Parameters
    ----------
    where
        Where it stands, for the person.

    Raises
    ------
    DataError
        It is cut short, no JSON, too deep, or says something that no run of ours says.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"Expected the record of a run in {where}, found text that is none: {str(error)[:_SHOWN]}. Run trsmi fit "
            "again."
        ) from error
    check_record(found, where)
    recorded: dict[str, Any] = found
    return recorded


def check_record(found: Any, where: str | Path) -> None:
    """Raise `DataError` where a record says something that no run of ours says; see `read_record`."""
    if not isinstance(found, dict):
        raise DataError(f"Expected the record of a run in {where}, found {type(found).__name__}. Run trsmi fit again.")
    problem = _problem(found)
    if problem:
        raise DataError(
            f"Expected the record of a run in {where} as it was written, found {problem}. Run trsmi fit again."
        )


def _problem(found: dict[str, Any]) -> str:
    """Return what is wrong with a record, in words."""
    if _is_deeper(found, _DEEPEST):
        return f"more than {_DEEPEST} levels in each other"
    try:
        Recorded.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:_SHOWN]
        return f"{where} {repr(first['input'])[:_SHOWN]}"
    return ""


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and dictionaries lie in each other more than so often, without recursion of its own."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list | tuple)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return any(isinstance(one, dict | list | tuple) for one in level)


def _settings(value: dict[str, Any]) -> dict[str, Any]:
    """Return settings of the clustering if they are some."""
    if value:
        try:
            Cluster(**value)
        except (ValidationError, ConfigError, TypeError) as error:
            raise ValueError("settings of the clustering") from error
    return value
