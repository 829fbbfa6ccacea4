"""What a simulated slice shall be like."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from napari_trsmi.errors import ConfigError, explained
from napari_trsmi.settings import Settings, setting

ModalityName = Literal["rna", "adt", "atac"]


class SliceSettings(Settings):
    """What every simulated slice has."""

    n_spots: int = setting(2500, "Spots in each section.", unit="spots", ge=50)
    grid: Literal["hexagonal", "square", "irregular"] = setting(
        "hexagonal", "How the spots are laid out, 100 micrometres apart; irregular: as cells lie, about 15 apart."
    )
    modalities: tuple[ModalityName, ...] = setting(
        ("rna", "adt"), "Modalities measured: rna, adt (protein), atac (chromatin).", min_length=1
    )
    n_domains: int = setting(7, "Domains: layers, and about one in three an island type.", symbol="K", ge=1, le=40)
    n_genes: int = setting(600, "Genes in `rna`.", unit="genes", ge=2)
    n_proteins: int = setting(30, "Proteins in `adt`.", unit="proteins", ge=2)
    n_peaks: int = setting(1000, "Peaks in `atac`.", unit="peaks", ge=2)
    depth: float = setting(
        3000, "Mean counts per spot in `rna`; `adt` and `atac` have 1/3 and 1/2 of it.", unit="counts", gt=0, step=100
    )
    contrast: float = setting(1.0, "How far marker features stand out, as a multiple of the usual.", ge=0, step=0.1)
    dropout: float = setting(0.3, "Chance that a rare count is lost; it falls with the mean.", ge=0, lt=1, step=0.05)
    dispersion: float = setting(
        0.5, "Over-dispersion: variance = mean + dispersion * mean^2; 0 is Poisson.", ge=0, step=0.1
    )
    ambient: float = setting(0.15, "Share of the counts that come from the whole section.", ge=0, lt=1, step=0.05)
    blur: float = setting(2.0, "Width of every second boundary; the others are sharp.", unit="spots", ge=0, step=0.5)
    batch: float = setting(0.3, "Batch effect between sections, in log units per feature.", ge=0, step=0.1)
    n_sections: int = setting(1, "Sections of the same tissue.", unit="sections", ge=1, le=100)
    image: int = setting(800, "Longest side of the stained picture; 0 for none.", unit="pixels", ge=0, le=4000)
    seed: int = setting(0, "Seed of every random choice.", ge=0)

    @property
    def n_islands(self) -> int:
        """Number of island types among the domains."""
        return 0 if self.n_domains == 1 else max(1, round(0.3 * self.n_domains))

    @property
    def n_layers(self) -> int:
        """Number of layers among the domains."""
        return self.n_domains - self.n_islands

    @property
    def domain_names(self) -> tuple[str, ...]:
        """Names of the K domains, layers from the surface inwards, then island types."""
        layers = tuple(f"layer {i + 1}" for i in range(self.n_layers))
        return layers + tuple(f"island {i + 1}" for i in range(self.n_islands))

    def n_features(self, modality: ModalityName) -> int:
        """Return the number of features of a modality."""
        return {"rna": self.n_genes, "adt": self.n_proteins, "atac": self.n_peaks}[modality]


class SimulationSettings(SliceSettings):
    """Every setting of the simulator; the same settings give the same slice.

    The first group is what every slice has. The second, from `gradient` on, makes mistakes possible, and is off unless
    set.

    Raises
    ------
    ConfigError
        A setting does not exist, is out of bounds, or cannot go with another one.

    Examples
    --------
    >>> settings = SimulationSettings(n_spots=500, modalities=("rna", "atac"))
    >>> settings.n_layers, settings.n_islands
    (5, 2)
    """

    gradient: float = setting(
        0.0,
        "Gradient of expression without a boundary: log units by which some features that mark no domain rise or fall "
        "over the section; 0 for none.",
        ge=0,
        step=0.5,
    )
    gradient_share: float = setting(0.15, "Share of each modality's features in the gradient.", gt=0, le=1, step=0.05)
    gradient_along: Literal["x", "y", "rim"] = setting(
        "x", "Where the gradient goes: along x, along y, or from the middle to the rim."
    )
    subtle: int = setting(
        0,
        "Features, of one modality, that layers 1 and 2 differ in, and in nothing else; 0: as other domains do.",
        ge=0,
    )
    noise: tuple[ModalityName, ...] = setting((), "Modalities whose counts know neither domains nor space.")
    batch_line: float = setting(
        0.0, "Batch effect on one side of a straight line, in log units per feature; 0 for none.", ge=0, step=0.1
    )
    depth_gradient: float = setting(
        0.0, "Log units by which the depth falls from one end of the section to the other; 0 for none.", ge=0, step=0.5
    )
    rim: float = setting(0.0, "Share of the depth that is missing at the rim of the tissue.", ge=0, lt=1, step=0.1)
    rim_width: float = setting(3.0, "How far the rim's loss of depth reaches inwards.", unit="spots", gt=0, step=1)
    cell_types: int = setting(
        0,
        "Each spot is one cell of one of so many types, and a domain is a mixture of types; 0: spots have no type.",
        ge=0,
    )
    mixing: float = setting(
        0.5, "How alike the domains' mixtures of cell types are: 0 is not at all, 1 is the same.", ge=0, le=1, step=0.1
    )
    background: float = setting(
        0.0, "How far sections differ in the share of ambient counts, in log units; 0 for not at all.", ge=0, step=0.1
    )
    told_by_all: bool = setting(
        False, "Every modality tells all domains apart; else some pairs are told apart by one modality only."
    )
    lost: float = setting(0.0, "Share of the spots missing here and there.", ge=0, le=0.4, step=0.05)
    holes: float = setting(0.0, "Share of the spots missing in a few round patches.", ge=0, le=0.4, step=0.05)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(explained(error)) from None

    @model_validator(mode="after")
    def _can_be_had_together(self) -> SimulationSettings:
        if len(set(self.modalities)) < len(self.modalities):
            raise ValueError("Expected each modality once in modalities")
        if not set(self.noise) <= set(self.modalities):
            raise ValueError(f"Expected noise among modalities {self.modalities}, found {self.noise}")
        if not self.informative:
            raise ValueError("Expected a modality that is no noise, found all of modalities in noise")
        if self.cell_types == 1:
            raise ValueError("Expected cell_types to be 0, or 2 and more, found 1")
        if self.subtle and (self.cell_types or self.told_by_all or self.n_layers < 2):
            raise ValueError("Expected subtle=0 where there are cell_types, told_by_all or fewer than 3 domains")
        if self.subtle > (most := self.n_features(self.informative[0]) // 5):
            raise ValueError(f"Expected subtle to be at most {most}, a fifth of the features, found {self.subtle}")
        return self

    @property
    def informative(self) -> tuple[ModalityName, ...]:
        """Modalities that are not noise."""
        return tuple(name for name in self.modalities if name not in self.noise)

    @property
    def type_names(self) -> tuple[str, ...]:
        """Names of the cell types."""
        return tuple(f"type {i + 1}" for i in range(self.cell_types))

    @property
    def pairs(self) -> dict[tuple[int, int], ModalityName]:
        """Pairs of domains that only one modality tells apart, and that modality; none where spots are cells."""
        if self.cell_types or self.told_by_all:
            return {}
        starts = [*range(0, self.n_layers - 1, 2), *range(self.n_layers, self.n_domains - 1, 2)]
        return {(a, a + 1): self.informative[i % len(self.informative)] for i, a in enumerate(starts)}

    def as_json(self) -> str:
        """Return the settings as JSON, without those of the second group that are left as they are."""
        fields = type(self).model_fields
        off = {
            name for name in fields.keys() - SliceSettings.model_fields if getattr(self, name) == fields[name].default
        }
        return json.dumps(self.model_dump(mode="json", exclude=off))
