"""The index of the section that was looked at last, kept while its spots are only put elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.gui.finding.features import FeatureIndex

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection


class LastIndex:
    """Makes a `FeatureIndex` only where there are other names than the last time."""

    def __init__(self) -> None:
        self._made: FeatureIndex | None = None
        self._tables: tuple[Any, ...] = ()  # what it was made of
        self._names: tuple[Any, ...] = ()

    def of(self, section: OpenSection | None, predicted: tuple[str, ...]) -> FeatureIndex | None:
        """Return the index of a section, the very same where only its coordinates are others; None without section."""
        if section is None:
            self._made, self._tables, self._names = None, (), ()
            return None
        dataset = section.dataset
        tables, names = (dataset.modalities, dataset.section), (list(dataset.obs.columns), predicted, [*section.scores])
        kept = self._made
        if kept is None or names != self._names or any(a is not b for a, b in zip(tables, self._tables, strict=True)):
            kept = FeatureIndex(dataset, predicted, section.scores)
        self._made, self._tables, self._names = kept, tables, names
        return kept
