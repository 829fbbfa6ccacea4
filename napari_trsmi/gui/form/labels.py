"""Words of the form that the names of the settings do not give by themselves."""

from __future__ import annotations

# In the order of the form; a section that is missing here comes last, under its own name.
TITLES = {
    "preprocess": "Preprocessing",
    "study": "Several sections",
    "graph": "Graph",
    "encoder": "Encoder",
    "align": "Alignment",
    "refine": "Local refinement",
    "diffusion": "Diffusion",
    "gate": "Gate",
    "fusion": "Fusion",
    "cluster": "Domains",
    "loss": "Losses",
    "train": "Optimiser",
    "": "Run",
}
LABELS = {
    "preprocess.min_spots": "Seen in at least",
    "preprocess.n_top_genes": "Variable genes",
    "preprocess.target_sum": "Counts per spot",
    "preprocess.n_components": "Components",
    "preprocess.coherent": "Coherent components",
    "preprocess.denoise": "Average over tissue",
    "preprocess.spots": "Spots that one table lacks",
    "study.batch": "Batch correction",
    "study.k_carried": "Carried over from",
    "study.tile_spots": "By tiles above",
    "graph.k_spatial": "Spatial neighbours",
    "graph.k_feature": "Feature neighbours",
    "graph.metric": "Distance",
    "graph.w_spatial": "Spatial weight",
    "graph.w_feature": "Feature weight",
    "graph.self_loop": "Weight of itself",
    "graph.learn_mix": "Learn weights",
    "encoder.dim": "Width",
    "encoder.l2_before": "Normalise before",
    "encoder.l2_after": "Normalise after",
    "align.k_candidates": "Candidates (ann)",
    "align.refresh": "Search every (ann)",
    "align.dim": "Width of keys",
    "align.warmup": "Warm-up",
    "diffusion.scales": "Scales (steps : teleport)",
    "gate.start": "Starting logit",
    "gate.cool_end": "Cooling at the end",
    "fusion.hidden": "Hidden width",
    "cluster.n_domains": "Number of domains",
    "cluster.max_domains": "At most",
    "cluster.start": "Prototypes start",
    "cluster.tau_c": "Prototype temperature",
    "cluster.k_similar": "Similar spots",
    "cluster.n_components": "Components",
    "cluster.n_init": "Restarts",
    "loss.lam_cluster": "Prototypes",
    "loss.lam_graph": "Graph",
    "loss.w_reconstruction": "Reconstruction",
    "loss.ema_decay": "Reference decay",
    "train.preview_every": "Preview every",
    "train.tile_spots": "By tiles above",
    "train.tile_size": "Spots in a tile",
    "train.tiles_per_step": "Tiles in a step",
    "train.checkpoint_every": "Checkpoint every",
    "threads": "CPU threads",
}
# What a setting that is "auto" shows first when a person sets it; else its lower bound.
FIRST_VALUES = {
    "graph.k_spatial": 6,
    "encoder.dim": 50,
    "fusion.hidden": 50,
    "cluster.n_domains": 8,
    "cluster.domain_scale": 2,
    "cluster.strength": 1.0,
}
SUGGESTIONS = {"device": ("auto", "cpu", "cuda", "mps")}


def label(name: str) -> str:
    """Return what a person reads for the setting of that dotted name.

    Examples
    --------
    >>> label("graph.k_spatial"), label("train.learning_rate"), label("loss.w_new")
    ('Spatial neighbours', 'Learning rate', 'Weight of new')
    """
    if name in LABELS:
        return LABELS[name]
    words = name.rpartition(".")[2].split("_")
    spoken = {"n": "Number of", "k": "Neighbours:", "w": "Weight of", "lam": "Weight of"}
    return " ".join([spoken.get(words[0], words[0].capitalize()), *words[1:]])
