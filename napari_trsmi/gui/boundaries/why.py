"""What speaks for the chosen boundary, in a few words below the table, wherever its columns are scrolled to."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.summary import SUPPORT_MEANS

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.gui.session.session import Session

CONTRAST = "contrast_"
LEAST = 0.05  # what rounds to 0.0; below it the sides differ the other way round than their domains do
LINES = 2  # that have their room before a boundary is chosen, so that the table keeps its height
CHOOSE = "Choose a row to read what speaks for that boundary."
MEANS = (
    f"{SUPPORT_MEANS}\nSides: how far apart the two sides are in a modality, in standard deviations; near 0 where it "
    "sees no boundary.\nCertainty: by how much its spots prefer their own side, from 0 to 1; near 0 the measurements "
    "do not tell the sides apart."
)


class WhyLine(Label):
    """Says of the chosen boundary how much speaks for it, and what."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setMinimumHeight(LINES * self.fontMetrics().lineSpacing())
        self.setToolTip(MEANS)
        listen(self, (session.boundary_changed, self._tell), (session.result_changed, self._tell))
        self._tell()

    def _tell(self, _: Any = None) -> None:
        result, segment = self.session.result, self.session.boundary
        table = None if result is None else result.boundaries
        set_seen(self, table is not None and len(table) > 0)
        chosen = table is not None and segment is not None and segment < len(table)
        self.setText(why(table.iloc[segment]) if table is not None and chosen else CHOOSE)


def why(boundary: pd.Series) -> str:
    """Return what speaks for a boundary, a row of `Result.boundaries`; what is not known is left out.

    Examples
    --------
    >>> import pandas as pd
    >>> why(pd.Series({"support": 0.86, "contrast_rna": 1.31, "contrast_adt": -0.2, "confidence": 0.3}))
    '86% of other cuts draw it. Its sides differ by 1.3 in rna, not in adt. Certainty 0.30.'
    """
    told = []
    if not isnan(support := boundary.get(SUPPORT, float("nan"))):
        told.append(f"{support:.0%} of other cuts draw it.")
    contrasts = {str(key)[len(CONTRAST) :]: value for key, value in boundary.items() if str(key).startswith(CONTRAST)}
    differ = [f"{value:.1f} in {name}" for name, value in contrasts.items() if value >= LEAST]
    same = " and ".join(name for name, value in contrasts.items() if value < LEAST)
    if differ:
        told.append(f"Its sides differ by {', '.join(differ)}{f', not in {same}' if same else ''}.")
    elif same:
        told.append(f"Its sides do not differ in {same}.")
    if lacks := [name for name, value in contrasts.items() if isnan(value)]:
        told.append(f"{' and '.join(lacks)} {'says' if len(lacks) == 1 else 'say'} nothing here.")
    if not isnan(certainty := boundary.get("confidence", float("nan"))):
        told.append(f"Certainty {certainty:.2f}.")
    return " ".join(told)
