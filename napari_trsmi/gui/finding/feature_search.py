"""A text field that finds a feature among tens of thousands while a person types."""

from __future__ import annotations

from napari_trsmi.gui.finding.features import Feature, FeatureIndex
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.gui.widgets.search_field import SearchField


class FeatureSearch(SearchField):
    """Finds features and columns of a section, in one modality or in all."""

    _index: FeatureIndex | None = None
    _modality: str | None = None

    @property
    def feature(self) -> Feature | None:
        """The feature that was chosen, None where the field was emptied."""
        found: Feature | None = self.picked_one
        return found

    def set_index(self, index: FeatureIndex | None) -> None:
        """Search in `index` from now on."""
        self._index, self._modality = index, None
        self.set_picked(None)

    def renew_index(self, index: FeatureIndex) -> None:
        """Search in an index of the same dataset, which has other columns; what is typed and chosen stays."""
        self._index = index

    def set_modality(self, modality: str | None) -> None:
        """Find features of one modality only, or of all."""
        self._modality = modality

    def matching(self, text: str) -> list[Feature]:
        """Return the features whose name holds the text."""
        return [] if self._index is None else self._index.search(text, self._modality)

    def text_of(self, one: Feature) -> str:
        """Return the name that is shown for a feature."""
        return one.label

    def row_of(self, one: Feature) -> str:
        """Return name, modality and other names."""
        return f"{one.label}   ({', '.join(filter(None, (one.modality, one.others)))})"

    def tip_of(self, one: Feature) -> str:
        """Return the whole row: a long one is cut."""
        return as_tip(self.row_of(one))
