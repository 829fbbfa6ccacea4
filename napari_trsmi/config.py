"""Every setting of a run, in one frozen model.

Default, bounds, meaning, unit, paper symbol and spin-box step of a field are stated once, here. The command line, the
JSON file, the error messages and later the form are derived from these models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from napari_trsmi.errors import ConfigError, explained
from napari_trsmi.settings import Schedule, Settings, Shape, setting

Kind = Literal["rna", "protein", "chromatin", "precomputed"]
_LARGEST = 2**31 - 1  # the least of what torch, numpy, scikit-learn and spin boxes take


class Preprocess(Settings):
    """From counts to components."""

    modalities: tuple[str, ...] = setting((), "Modalities to use; empty uses all in the file.")
    kinds: dict[str, Kind] = setting(dict, "Kind by modality name, where the detected one is wrong.")
    spots: Literal["all", "common"] = setting(
        "all",
        "Spots that one of several tables lacks, or counted nothing at: kept, their missing modality carried over from "
        "spots like them, or left out.",
    )
    min_spots: int = setting(10, "Genes and peaks seen in fewer spots are left out.", unit="spots", ge=1)
    n_top_genes: int = setting(3000, "Highly variable genes kept (seurat_v3).", unit="genes", ge=10)
    target_sum: float = setting(1e4, "Counts per spot after normalisation.", unit="counts", gt=0, step=1000)
    covariates: tuple[str, ...] = setting(
        (),
        "Regressed out of the components: columns of obs, log_depth (log of the total per spot), rim (distance to the "
        "rim of the tissue), step (the jump at the strongest straight line).",
    )
    n_components: int = setting(50, "Most components per modality (PCA, or LSI for chromatin).", ge=2)
    coherent: bool = setting(
        True, "Rotate each modality to spatially coherent components and weight them by coherence."
    )
    denoise: bool = setting(
        True, "Average each component over the tissue as far as its own noise asks for (cross-validation)."
    )


class Study(Settings):
    """What is done about several sections."""

    batch: Literal["auto", "none", "standardise", "harmony"] = setting(
        "auto",
        "Correction of what sections differ by that is not tissue: nothing, features standardised in each section, or "
        "that and Harmony on their components; auto takes the first after which their spots mix.",
    )
    k_carried: int = setting(20, "Spots from which a missing modality is carried over.", unit="spots", ge=1)
    tile_spots: int = setting(20_000, "Studies with more spots train by tiles of sections.", unit="spots", ge=100)


class Graph(Settings):
    """The spatial and the feature graphs."""

    k_spatial: int | None = setting(None, "Spatial neighbours; unset: 8 on a square grid, else 6.", unit="spots", ge=1)
    k_feature: int = setting(20, "Nearest neighbours in each modality's features.", unit="spots", ge=1)
    metric: Literal["correlation", "cosine", "euclidean"] = setting("correlation", "Distance between features.")
    edge_weights: Literal["similarity", "one"] = setting("similarity", "Weights of feature edges at the start.")
    w_spatial: float = setting(
        1.0, "Starting weight of the spatial graph in the fused graph.", symbol="w_S", ge=0, step=0.05
    )
    w_feature: float = setting(
        0.1, "Starting weight of the feature graph in the fused graph.", symbol="w_F", ge=0, step=0.05
    )
    self_loop: float = setting(2.0, "Weight of a spot itself, as a multiple of its neighbours' total.", ge=0, step=0.1)
    learn_edges: bool = setting(True, "Learn one weight per feature-graph edge.", symbol="A_F")
    learn_mix: bool = setting(True, "Learn the weights of the two graphs.", symbol="w_S, w_F")

    @model_validator(mode="after")
    def _one_graph_counts(self) -> Graph:
        if self.w_spatial == self.w_feature == 0:
            raise ValueError("Expected graph.w_spatial or graph.w_feature above 0, found both 0.")
        return self


class Encoder(Settings):
    """Near-identity projection-residual-propagation encoder."""

    dim: int | None = setting(None, "Embedding width d; unset: as many as there are components.", symbol="d", ge=2)
    gate: float = setting(0.1, "Starting gate of the enhancement branch.", symbol="alpha_enc", ge=0, le=1, step=0.01)
    enhancement: bool = setting(True, "Use the zero-initialised enhancement branch.", symbol="Delta")
    l2_before: bool = setting(False, "Normalise rows before propagation.")
    l2_after: bool = setting(False, "Normalise rows after propagation.")


class Align(Settings):
    """Temperature-controlled soft cross-graph alignment."""

    enabled: bool = setting(True, "Let each modality see its aligned counterpart.", symbol="S")
    candidates: Literal["graph", "ann", "dense"] = setting("graph", "Spots a correspondence may point to.")
    k_candidates: int = setting(20, "Candidates per spot with `ann`.", unit="spots", ge=1)
    refresh: int = setting(10, "Epochs between searches with `ann`.", unit="epochs", ge=1)
    temperature: Schedule = setting(lambda: Schedule(start=0.2, end=0.2), "Softmax temperature.", symbol="tau")
    dim: int = setting(16, "Width of queries and keys.", symbol="d_a", ge=1)
    warmup: float = setting(0.1, "Share of epochs in which the other modality is detached.", ge=0, le=1, step=0.01)


class Refine(Settings):
    """Local refinement."""

    enabled: bool = setting(True, "Mix in features of the neighbours.")
    gate: float = setting(0.1, "Starting gate of the local branch.", symbol="alpha_loc", ge=0, le=1, step=0.01)


class Diffusion(Settings):
    """Multi-scale APPNP diffusion."""

    enabled: bool = setting(True, "Blend in diffused features.", symbol="Z_g")
    scales: tuple[tuple[int, float], ...] = setting(
        ((2, 0.20), (4, 0.15), (8, 0.10)), "Pairs of steps and teleport probability.", unit="steps, probability"
    )

    @model_validator(mode="after")
    def _scales_are_usable(self) -> Diffusion:
        for steps, teleport in self.scales:
            if steps < 0 or not 0 <= teleport <= 1:
                raise ValueError(
                    f"Expected steps >= 0 and teleport in [0, 1] in diffusion.scales, found ({steps}, {teleport})."
                )
        if self.enabled and not self.scales:
            raise ValueError("Expected at least one (steps, teleport) pair in diffusion.scales, found none.")
        return self


class Gate(Settings):
    """Time-scheduled global-to-local gate: beta(t) = sigmoid(b) * cool(t)."""

    start: float = setting(2.0, "Starting value of the learned logit b.", symbol="b", step=0.1)
    cool_end: float = setting(0.0, "Cooling factor at the last epoch; it starts at 1.", ge=0, le=1, step=0.01)
    shape: Shape = setting("cosine", "How the gate cools.")


class Fusion(Settings):
    """MLP fusion of the modalities."""

    enabled: bool = setting(True, "Add a learned MLP to the modalities side by side.")
    hidden: int | None = setting(None, "Hidden width of the MLP; unset: the embedding width.", ge=1)
    activation: Literal["gelu", "relu", "elu", "tanh"] = setting("gelu", "Activation of the MLP.")


class Cluster(Settings):
    """Prototypes during training, and domains at the end."""

    n_domains: int | None = setting(None, "Number of domains; unset: chosen after training.", symbol="K", ge=1)
    max_domains: int = setting(20, "Most domains considered when their number is chosen.", ge=1)
    start: float = setting(0.4, "Share of epochs after which prototypes are seeded.", ge=0, le=1, step=0.05)
    tau_c: Schedule = setting(lambda: Schedule(start=0.5, end=0.5), "Prototype temperature.", symbol="tau_c")
    method: Literal["mixture", "prototypes", "kmeans", "leiden"] = setting(
        "mixture", "How the embedding is cut into domains."
    )
    context: Literal["auto", "averaged", "rings"] = setting(
        "auto",
        "What of a spot's surroundings is clustered: averaged with it (spots of many cells), or beside it, ring by "
        "ring (single cells); auto takes rings where the spots lie on no lattice.",
    )
    domain_scale: int | None = setting(
        None,
        "How far the embedding is averaged over the tissue before clustering, from cell-type-like (0) to region-like; "
        "unset: each component as far as cross-validation says.",
        unit="hops",
        ge=0,
        le=32,
    )
    emphasis: Literal["auto", "coherent", "even"] = setting(
        "auto",
        "Which differences make a domain: coherent favours what changes smoothly over the tissue, even takes all that "
        "neighbours share alike; auto takes even only where its domains are clearly the likelier.",
    )
    sharpen: int = setting(
        1, "Times each spot is then averaged with the spots most like it, wherever they lie.", ge=0, le=10
    )
    k_similar: int = setting(20, "Spots averaged in one such step.", unit="spots", ge=1)
    refinement: Literal["off", "majority", "potts"] = setting("potts", "Spatial refinement of the domains.")
    strength: float | None = setting(
        None, "Strength of the Potts field; unset: read off how often neighbours agree without it.", ge=0, step=0.5
    )
    constraint_strength: float = setting(
        2.0,
        "How much what a person said about spots counts in the final cut; 1 as much as the features of a typical spot.",
        ge=0,
        step=0.5,
    )
    n_components: int = setting(20, "Components of the embedding that are clustered.", ge=1)
    n_init: int = setting(10, "Restarts, of which the clearly likeliest is taken, else the tightest.", ge=1)


class Loss(Settings):
    """Weights of the objective's terms."""

    w_reconstruction: float = setting(1.0, "Weight of the reconstruction term.", ge=0, step=0.1)
    lam_cluster: float = setting(0.02, "Weight of the prototype term.", symbol="lambda_cl", ge=0, step=0.01)
    lam_graph: float = setting(0.1, "Weight of the graph regulariser.", symbol="lambda_g", ge=0, step=0.01)
    lam_constraint: float = setting(
        0.02, "Weight of the term for what a person said about spots.", symbol="lambda_c", ge=0, step=0.01
    )
    ema_decay: float = setting(0.9, "Decay of the reference graph.", ge=0, lt=1, step=0.01)
    modality_weights: dict[str, float] = setting(dict, "Weight w^m by modality name; 1 where not given.", symbol="w^m")


class Train(Settings):
    """The optimiser and the course of training."""

    epochs: int = setting(60, "Passes over the section.", unit="epochs", ge=0)
    extra_epochs: int = setting(
        0, "Epochs after those, with all schedules at their end: what was trained on.", unit="epochs", ge=0
    )
    tile_spots: int = setting(50_000, "Sections with more spots train by tiles, one a step.", unit="spots", ge=100)
    tiles_per_step: int = setting(1, "Tiles of a step, whose gradients are averaged.", unit="tiles", ge=1)
    tile_size: int = setting(10_000, "Spots in a tile at most.", unit="spots", ge=100)
    learning_rate: float = setting(0.003, "Step size of Adam.", gt=0, step=0.0005)
    weight_decay: float = setting(0.0, "Decay of the weights.", ge=0, step=1e-5)
    preview_every: int = setting(5, "Epochs between previews of the domains; 0 for none.", unit="epochs", ge=0)
    checkpoint_every: int = setting(0, "Epochs between checkpoints; 0 for none.", unit="epochs", ge=0)


class Evidence(Settings):
    """What is found out about the domains once they are there."""

    support: bool = setting(True, "Count how many other ways to cut the run draw each boundary: its support.")


class Constraint(Settings):
    """What a person said about some spots; the method follows it softly.

    ``"together"``: `spots` are of one domain. ``"apart"``: `spots` are of another domain than `others`. ``"belong"``:
    `spots` are of the domain that `others` are of. It counts from epoch `start` on, and until `until` where a person
    took it back: so a run that was trained on is repeated from its settings alone.
    """

    kind: Literal["together", "apart", "belong"] = setting("together", "What is said.")
    spots: tuple[str, ...] = setting((), "Barcodes.")
    others: tuple[str, ...] = setting((), "Barcodes of the other side; none for together.")
    start: int = setting(0, "Epochs done before it counts.", unit="epochs", ge=0)
    until: int | None = setting(None, "Epochs done when it was taken back; unset: it still counts.", ge=0)

    @model_validator(mode="after")
    def _names_spots(self) -> Constraint:
        if self.kind == "together":
            if len(set(self.spots)) < 2 or self.others:
                raise ValueError("Expected two spots or more that are together and none beside them, found others.")
        elif not self.spots or not self.others or set(self.spots) & set(self.others):
            raise ValueError("Expected spots on both sides, and none of them on both, found others.")
        return self

    def counts(self, epoch: int) -> bool:
        """Return whether it counts once `epoch` epochs are done."""
        return self.start <= epoch and (self.until is None or epoch < self.until)


class Config(Settings):
    """Every setting of a run. The same config and seed give the same labels on one CPU.

    Examples
    --------
    >>> config = Config(cluster={"n_domains": 7})
    >>> config.cluster.n_domains
    7
    >>> Config.from_json(config.to_json()) == config
    True
    """

    preprocess: Preprocess = Preprocess()
    study: Study = Study()
    graph: Graph = Graph()
    encoder: Encoder = Encoder()
    align: Align = Align()
    refine: Refine = Refine()
    diffusion: Diffusion = Diffusion()
    gate: Gate = Gate()
    fusion: Fusion = Fusion()
    cluster: Cluster = Cluster()
    loss: Loss = Loss()
    train: Train = Train()
    evidence: Evidence = Evidence()
    constraints: tuple[Constraint, ...] = setting((), "What a person said about spots.")
    seed: int = setting(0, "Seed of every random choice.", ge=0, le=_LARGEST)
    device: str = setting("auto", "cpu, cuda, cuda:N, mps, or auto for the fastest there is.")
    threads: int = setting(0, "CPU threads; 0 leaves one core for the interface.", unit="threads", ge=0, le=1024)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(explained(error)) from None

    def to_json(self) -> str:
        """Return the settings as indented JSON."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Return the config that `text` describes; raises `ConfigError` with every problem named."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ConfigError(explained(error)) from None

    @classmethod
    def load(cls, path: str | Path) -> Config:
        """Return the config in a JSON file: a bare config, or a `run.json` with a ``"config"`` entry.

        Raises
        ------
        ConfigError
            The file is missing, no JSON, or names settings that do not exist or are out of bounds.
        """
        import json

        path = Path(path)
        try:
            if path.exists() and not path.is_file():
                raise ConfigError(f"Expected a file of settings at {path}, found none. Choose a JSON file.")
            found = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(found, dict) and "config" in found:
                found = found["config"]
            settings = json.dumps(found)
        except OSError as error:
            raise ConfigError(f"Expected a readable JSON file of settings, found {path}: {error.strerror}.") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"Expected JSON in {path}, found text that is none: {error}.") from None
        return cls.from_json(settings)
