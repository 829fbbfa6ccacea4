"""What a simulated slice shall be like."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ValidationError, model_validator

from napari_trsmi.config import Settings, setting
from napari_trsmi.errors import ConfigError, explained

ModalityName = Literal["rna", "adt", "atac"]


class SimulationSettings(Settings):
    """Every setting of the simulator; the same settings give the same slice.

    Raises
    ------
    ConfigError
        A setting does not exist, is out of bounds, or names a modality twice.

    Examples
    --------
    >>> settings = SimulationSettings(n_spots=500, modalities=("rna", "atac"))
    >>> settings.n_layers, settings.n_islands
    (5, 2)
    """

    n_spots: int = setting(2500, "Spots in each section.", unit="spots", ge=50)
    grid: Literal["hexagonal", "square"] = setting("hexagonal", "How the spots are laid out, 100 micrometres apart.")
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

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(explained(error)) from None

    @model_validator(mode="after")
    def _modalities_differ(self) -> SimulationSettings:
        if len(set(self.modalities)) < len(self.modalities):
            raise ValueError("Expected each modality once in modalities")
        return self

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

    @property
    def pairs(self) -> dict[tuple[int, int], ModalityName]:
        """Pairs of domains that only one modality tells apart, and that modality."""
        starts = [*range(0, self.n_layers - 1, 2), *range(self.n_layers, self.n_domains - 1, 2)]
        return {(a, a + 1): self.modalities[i % len(self.modalities)] for i, a in enumerate(starts)}
