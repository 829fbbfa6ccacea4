"""Where a result came from: software versions, hashes of the input, settings, course of training."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.constraints import row_constraints, satisfaction
from napari_trsmi.data.plain import plain
from napari_trsmi.data.sources import mark
from napari_trsmi.versions import installed

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

_PACKAGES = (
    "napari-trsmi",
    "anndata",
    "igraph",
    "mudata",
    "numpy",
    "scanpy",
    "scikit-learn",
    "scipy",
    "torch",
    "torch-geometric",
)


_OF_STUDIES = ("sections", "section_column", "places")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a result."""
    return {"python": platform.python_version(), **installed(_PACKAGES)}


def describe_sources(dataset: Dataset) -> list[dict[str, str | None]]:
    """Return absolute path and SHA-256 of every input as it was read; the hash is None for what was gone by then."""
    found: list[dict[str, str | None]] = []
    for source in dataset.sources:
        known = dataset.marks.get(source) or mark(Path(source))
        found.append({"path": str(Path(source).absolute()), "sha256": known.sha256 if known else None})
    return found


def partly_measured(dataset: Dataset) -> bool:
    """Return whether a section was read with spots that one of its modalities lacks."""
    parts = dataset.parts or (dataset,)
    return any(modality.measured is not None for part in parts for modality in part.modalities.values())


def describe_sections(dataset: Dataset, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the sections of a study were read and where they lie; nothing for one section.

    What is `known` of how they were read stays: they may have been read again from a saved result.
    """
    if not dataset.parts:
        return {}
    sections = [
        {
            "name": part.name,
            "paths": [str(Path(source).absolute()) for source in part.sources],
            "library": part.library,
        }
        for part in dataset.parts
    ]
    names = [section["name"] for section in known.get("sections", ())]
    return {
        "sections": known["sections"] if names == list(dataset.section_names) else sections,
        "section_column": known.get("section_column") if names == list(dataset.section_names) else dataset.column,
        "places": [list(place) for place in dataset.places],
    }


def record(result: Result) -> dict[str, Any]:
    """Return everything needed to repeat and to judge a run, ready for JSON.

    Entries of `Result.provenance` come in at the top level and win over what is found out here, the config excepted.
    """
    made: dict[str, Any] = {
        "format": 1,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": result.config.seed,
        "n_spots": len(result.labels),
        "n_domains": result.partition.n_domains,
        "domains": result.names,
        "colors": result.palette,
        "modalities": list(result.dataset.modalities),
        **({"called": result.dataset.called} if result.dataset.called else {}),
        "kinds": {name: modality.kind for name, modality in result.dataset.modalities.items()},
        "library": result.dataset.library,
        "method": result.partition.method,
        "strength": result.partition.strength,
        "emphasis": result.partition.emphasis,
        "maps": list(result.maps),
        "scores": result.scores,
        **result.provenance,
    }
    made.setdefault("versions", versions())
    if "sources" not in made:
        made["sources"] = describe_sources(result.dataset)
    made["dropped"] = result.dataset.dropped
    if partly_measured(result.dataset):
        made["spots"] = "all"
    read = describe_sections(result.dataset, made)
    made = {key: value for key, value in made.items() if key not in _OF_STUDIES} | read
    made["history"] = [
        {
            "epoch": step.epoch,
            "losses": step.losses,
            "beta": step.beta,
            "temperature": step.temperature,
            "tau_c": step.tau_c,
            "churn": step.churn,
            "seconds": step.seconds,
        }
        for step in result.history
    ]
    made["config"] = result.config.model_dump(mode="json")
    counting = [c for c in result.config.constraints if c.until is None]
    made["constraints"] = [
        {"kind": c.kind, "n_spots": len(c.spots), "n_others": len(c.others), "kept": satisfaction(one, result.labels)}
        for c, one in zip(counting, row_constraints(counting, result.obs_names), strict=True)
    ]
    plain_record: dict[str, Any] = plain(made)
    return plain_record
