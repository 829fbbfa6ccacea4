"""One self-contained HTML page per result: figures, boundaries, markers, trust, comparisons, settings, provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.atomic import replacing
from napari_trsmi.errors import DataError
from napari_trsmi.evidence import SUPPORT
from napari_trsmi.glossary import TERMS, term
from napari_trsmi.report.sections import of_study
from napari_trsmi.reviews import REVIEW
from napari_trsmi.summary import SUPPORT_MEANS, chosen_number, remarks, spot_support_means, undecided, unlike

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.study import By

_MARKERS = 5  # per domain and modality on the page


def write_report(result: Result, path: str | Path, *, truth: str | None = None, by: By | None = None) -> Path:
    """Write the report of a result to an HTML file, replaced whole, and return its path.

    The page loads nothing from anywhere: it can be mailed, opened in ten years, and printed.

    Parameters
    ----------
    result
        What to report on; its trust, comparisons, reviews and edits are part of the page.
    path
        Ends in ``.html``.
    truth
        Column of the section's obs with known labels to compare with as well.
    by
        Condition of each section of a study, as for `study.composition`: sections of one stand together, and domains
        that differ between them are told where there are sections enough.

    Raises
    ------
    DataError
        Another ending, no such folder or column, no permission, or a full disk.
    """
    path = Path(path)
    if path.suffix not in (".html", ".htm"):
        raise DataError(f"Expected a report ending in .html, found {path.name}. Change the ending.")
    if by is not None and not result.dataset.parts:
        raise DataError(
            "Expected a study to compare the conditions of its sections, found one section. Leave `by` out."
        )
    text = page(result, truth=truth, by=by)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def page(result: Result, *, truth: str | None = None, by: By | None = None) -> str:
    """Return the report as HTML text; see `write_report`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("napari_trsmi.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = _number
    return environment.get_template("page.html").render(contents(result, truth=truth, by=by))


def contents(result: Result, *, truth: str | None = None, by: By | None = None) -> dict[str, Any]:
    """Return everything the page shows, by name: plain values, rows of tables and figures as SVG or PNG."""
    from napari_trsmi.data.annotate import domains_frame
    from napari_trsmi.data.provenance import record
    from napari_trsmi.report import figures
    from napari_trsmi.teach import obedience, words

    if truth is not None:
        result = _with_truth(result, truth)
    labels = result.labels
    support = result.maps.get(SUPPORT)
    numbers = result.provenance.get("numbers", {})
    domains = _domains(result)
    recorded = record(result)
    return {
        "title": result.dataset.name,
        "n_spots": len(labels),
        "modalities": [(name, m.kind, m.table.n_vars) for name, m in result.dataset.modalities.items()],
        "notes": (*filter(None, [unlike(result)]), *result.dataset.notes, *remarks(result)),
        "support": None if support is None else float(support.mean()),
        "support_means": SUPPORT_MEANS,
        "spot_support_means": "" if support is None else f"Support of a spot: {spot_support_means(result)}",
        "certainty": float(result.confidence.mean()),
        "undecided": undecided(result),
        "number": chosen_number(result),
        "numbers": figures.numbers(numbers) if numbers else None,
        "domains": domains,
        "figure": figures.domains(result),
        "maps": {title: figures.map_of(result, values) for title, values in _maps(result).items()},
        "course": figures.course(result) if result.history else None,
        "curve": figures.curve(recorded["trust"]["curve"]) if "curve" in recorded.get("trust", {}) else None,
        "boundaries": _boundaries(result),
        "markers": _markers(result),
        "trust": recorded.get("trust", {}),
        "comparisons": _comparisons(recorded.get("comparisons", []), truth),
        "scores": [(term(key, result.dataset.modalities), value) for key, value in recorded["scores"].items()],
        "agreement": TERMS["ari"],
        "changed": _changed(result),
        "settings": json.dumps(recorded["config"], indent=2),
        "said": [(words(one, result), kept) for one, kept in obedience(result)],
        "edits": recorded.get("edits", []),
        "record": {k: recorded[k] for k in ("versions", "sources", "device", "seconds") if k in recorded},
        "written": recorded["written"],
        "columns": list(domains_frame(result)),
        "study": of_study(result, by) if result.dataset.parts else None,
        "sections": [_section(result, name) for name in result.dataset.section_names],
    }


def _domains(result: Result) -> list[dict[str, Any]]:
    """Return what the page says of each domain."""
    import numpy as np

    labels, names = result.labels, result.names
    counts = np.bincount(labels, minlength=len(names))
    support = result.maps.get(SUPPORT, np.full(len(labels), np.nan))
    return [
        {
            "name": name,
            "color": color,
            "n": int(n),
            "share": n / len(labels),
            "support": float(support[labels == k].mean()) if n else float("nan"),
            "certainty": float(result.confidence[labels == k].mean()) if n else float("nan"),
        }
        for k, (name, color, n) in enumerate(zip(names, result.palette, counts, strict=True))
    ]


def _section(result: Result, name: str) -> dict[str, Any]:
    """Return what the page shows of one section of a study."""
    from napari_trsmi.report import figures

    part = result.of(name)
    return {
        "name": name,
        "n_spots": len(part.labels),
        "modalities": ", ".join(part.dataset.modalities),
        "figure": figures.domains(part),
        "domains": _domains(part),
        "boundaries": _boundaries(part),
        "notes": part.dataset.notes,
    }


def _maps(result: Result) -> dict[str, Any]:
    """Return {title: (N,) values in [0, 1]} of the maps that are there."""
    titles = {"stability": "Stability over runs", "modalities_agreeing": "Modalities that agree"}
    maps = {"Support": result.maps[SUPPORT]} if SUPPORT in result.maps else {}
    maps |= {
        "Certainty of the model": result.confidence,
        "Doubt between domains (entropy)": result.partition.entropy,
    }
    maps |= {titles.get(name, name): values for name, values in result.maps.items() if name != SUPPORT}
    if result.modality_weights is not None and result.modality_weights.shape[1] == 2:
        first = next(iter(result.dataset.modalities))
        maps[f"Weight of {first}"] = result.modality_weights[:, 0]
    return maps


def _boundaries(result: Result) -> dict[str, Any]:
    """Return the head and the rows of the table of boundaries, in its order."""
    table = result.boundaries
    if table is None or not len(table):
        return {"head": [], "rows": []}
    unit = "length" if result.dataset.microns_per_unit is None else "length (µm)"
    factor = result.dataset.microns_per_unit or 1.0
    shown = {unit: table["length"] * factor}
    shown |= {title: table[key] for key, title in {SUPPORT: SUPPORT, "confidence": "certainty"}.items() if key in table}
    shown |= {name.replace("contrast_", "contrast "): table[name] for name in table if name.startswith("contrast_")}
    shown |= {key.replace("_", " "): table[key] for key in ("stability", "by_chance") if key in table}
    shown |= {key.replace("_", " "): table[key] for key in REVIEW if key in table}
    pairs = [
        [{"name": result.names[k], "color": result.palette[k]} for k in pair]
        for pair in zip(table["domain_a"], table["domain_b"], strict=True)
    ]
    columns = [column.tolist() for column in shown.values()]
    return {"head": list(shown), "rows": list(zip(pairs, zip(*columns, strict=True), strict=True))}


def _markers(result: Result) -> dict[str, Any]:
    """Return {domain: {modality: names of its best markers}}; modalities without named features are left out."""
    from napari_trsmi.api import markers

    found: dict[str, dict[str, list[str]]] = {name: {} for name in result.names}
    named = {name for name, m in result.dataset.modalities.items() if m.kind != "precomputed"}
    if not named or result.partition.n_domains < 2:
        return {}
    for modality, table in markers(result, n_top=_MARKERS).items():
        if modality in named:
            for domain, part in table.groupby("domain", sort=False, observed=True):
                found[str(domain)][modality] = part["name"].astype(str).tolist()
    return found


def _with_truth(result: Result, column: str) -> Result:
    """Return the result compared with a column of known labels."""
    from napari_trsmi.compare import compare, labels_of_column, with_comparison
    from napari_trsmi.graphs import spatial_graph

    known = labels_of_column(result.dataset, column)
    graph = spatial_graph(result.coords, result.config.graph.k_spatial, result.dataset.section)
    return with_comparison(result, known, compare(result.labels, known.labels, graph))


def _comparisons(records: list[dict[str, Any]], truth: str | None) -> list[dict[str, Any]]:
    """Return what the page shows of each comparison: its row, what sets the other run apart, how the labels fall."""
    return [
        {
            **one,
            "title": Path(one["name"]).name if one["kind"] == "file" else one["name"],
            "differs": ", ".join(f"{name} = {json.dumps(value)}" for name, value in one.get("differs", {}).items()),
            "rows": list(zip(one.get("labels", ()), zip(*one.get("contingency", ()), strict=True), strict=True)),
            "open": one["kind"] == "column" and one["name"] == truth,
        }
        for one in records
    ]


def _changed(result: Result) -> list[tuple[str, str]]:
    """Return (name, value) of the settings that differ from their defaults."""

    def walk(value: Any, default: Any, prefix: str) -> list[tuple[str, str]]:
        if isinstance(value, Mapping) and isinstance(default, Mapping) and prefix.count(".") < 2:
            return [pair for k in value for pair in walk(value[k], default.get(k), f"{prefix}.{k}" if prefix else k)]
        return [] if value == default else [(prefix, json.dumps(value))]

    config = result.config
    values = config.model_dump(mode="json", exclude={"constraints"})
    return walk(values, type(config)().model_dump(mode="json"), "")


def _number(value: Any) -> str:
    """Return a number for a person: two decimals below 100, none above; text as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if value != value:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or isinstance(value, int) else f"{value:.2f}"
