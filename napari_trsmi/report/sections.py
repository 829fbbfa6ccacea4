"""What the report says of a study as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.errors import DataError
from napari_trsmi.summary import without_sections

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.study import By


def of_study(result: Result, by: By | None) -> dict[str, Any]:
    """Return composition, mixing, and what was found between conditions and without each section."""
    import pandas as pd

    from napari_trsmi.report import figures
    from napari_trsmi.study import composition, mixing, mixing_notes

    table = composition(result)
    shares = table.pivot(index="domain", columns="section", values="share")
    known = result.provenance.get("mixing")
    mixed = mixing(result) if known is None else pd.DataFrame(known)
    wide = mixed.pivot(index="domain", columns="modality", values="mixing").reindex(list(result.names))
    rows = zip(result.names, result.palette, shares.to_numpy().tolist(), wide.to_numpy(float).tolist(), strict=True)
    return {
        "bars": figures.composition(result, by),
        "sections": list(result.dataset.section_names),
        "modalities": [str(name) for name in wide],
        "rows": [{"name": n, "color": c, "shares": s, "mixing": m} for n, c, s, m in rows],
        "notes": [*mixing_notes(mixed), *([] if by is None else _between(result, by))],
        "without": without_sections(result),
    }


def _between(result: Result, by: By) -> list[str]:
    """Return what differs between conditions, or why that cannot be told."""
    from napari_trsmi.study import composition_test, difference_notes, donor_notes, left_out_notes

    left = left_out_notes(result, by)
    try:
        return [*difference_notes(composition_test(result, by)), *donor_notes(result, by), *left]
    except DataError as error:
        return [f"Conditions are not tested: {error}", *left]
