"""Write the expected domains of the sample, after a change of the method that is meant to move them.

``python tests/golden/make_golden.py`` from the root of the repository. Every setting is written out, so that other
defaults do not change what is expected.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import napari_trsmi as nt

GOLDEN = Path(__file__).with_name("sample_domains.json")


def run(config: nt.Config) -> nt.Result:
    """Return the domains of the sample."""
    return nt.fit(nt.read(nt.sample_path()), config)


def summary(result: nt.Result) -> dict[str, Any]:
    """Return what is compared: labels as one digit per spot, and a few numbers."""
    return {
        "labels": "".join(map(str, result.labels)),
        "strength": round(result.partition.strength, 2),
        "mean_confidence": round(float(result.confidence.mean()), 3),
        "modality_weights": [round(float(w), 3) for w in np.mean(result.modality_weights, axis=0)],
        "scores": {name: round(value, 3) for name, value in result.scores.items()},
        "losses": {name: round(value, 4) for name, value in result.history[-1].losses.items()},
    }


if __name__ == "__main__":
    settings = nt.Config(cluster={"n_domains": 7}, train={"epochs": 20}, device="cpu", threads=1)
    found = {"config": settings.model_dump(mode="json"), **summary(run(settings))}
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
