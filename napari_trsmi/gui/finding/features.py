"""The names of the features and columns of a section, found as a person types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import TYPE_CHECKING

from napari_trsmi.data import feature_names
from napari_trsmi.gui.finding.maps import COLUMN, GENE_SET, PREDICTED, SECTION, coloring_of

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.state import Coloring

_BY_WORDS = 1000  # features that have the first of several words, at most: a person waits for them at each key


@dataclass(frozen=True)
class Feature:
    """A feature of a modality, a column of the file (`modality` is then `COLUMN`), or a `GENE_SET`.

    Attributes
    ----------
    name
        Name in the table.
    label
        What to show for it, such as the symbol of a gene.
    others
        All else it is called, such as its Ensembl identifier.
    """

    modality: str
    name: str
    label: str = field(default="", compare=False)
    others: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.name)


class FeatureIndex:
    """Names of everything a dataset can be coloured by, ready to be searched at each key stroke.

    Attributes
    ----------
    modalities
        Names of the modalities, then `COLUMN` and `GENE_SET` where there are some, then what was predicted.

    Parameters
    ----------
    columns
        Find columns too.
    """

    def __init__(
        self, dataset: Dataset, predicted: Iterable[str] = (), sets: Iterable[str] = (), *, columns: bool = True
    ) -> None:
        self._features: dict[str, range] = {}
        self._names: list[str] = []
        self._labels: list[str] = []
        self._others: list[str] = []
        for name, modality in dataset.modalities.items():
            var = modality.table.var
            self._add(name, var.index.tolist(), feature_names.labels(var), feature_names.other_names(var))
        names = [str(name) for name in dataset.obs.columns] if columns else []
        if columns and dataset.parts and SECTION not in names:
            names.insert(0, SECTION)
        if names:
            self._add(COLUMN, names, names, [""] * len(names))
        if sets := list(sets):
            self._add(GENE_SET, sets, sets, [""] * len(sets))
        for name in (one for one in predicted if one in dataset.modalities):  # of a section by itself not all are there
            var = dataset.modalities[name].table.var
            labels = feature_names.labels(var)
            self._add(name + PREDICTED, var.index.tolist(), labels, feature_names.other_names(var))
        self.modalities = tuple(self._features)
        self._folded = [label.casefold() for label in self._labels]
        self._folded_others = [others.casefold() for others in self._others]

    def _add(self, group: str, names: list[str], labels: list[str], others: list[str]) -> None:
        self._features[group] = range(len(self), len(self) + len(names))
        self._names += names
        self._labels += labels
        self._others += others

    def __len__(self) -> int:
        return len(self._names)

    def search(self, text: str, modality: str | None = None, n: int = 50) -> list[Feature]:
        """Return up to `n` features whose name holds `text`, best first; of one modality, or of all.

        What is found by the name that is shown comes before what is found by another, such as an identifier. Where
        nothing is, each of several words may be in the name, in another one, or in that of the modality.
        """
        within = range(len(self)) if modality is None else self._features[modality]
        found = _ranked(self._folded[within.start : within.stop], text, n)
        if len(found) < n:
            by_other = _ranked(self._folded_others[within.start : within.stop], text, n)
            found = list(dict.fromkeys([*found, *by_other]))[:n]
        return [self._feature(within.start + k) for k in found] or self._by_words(within, text)[:n]

    def _by_words(self, within: range, text: str) -> list[Feature]:
        """Return the features whose name holds the first of several words, and whose row in a list all the others."""
        first, *others = text.casefold().split() or [""]
        if not others:
            return []
        named = _ranked(self._folded[within.start : within.stop], first, _BY_WORDS)
        rows = [self._feature(within.start + k) for k in named]
        return [
            one for one in rows if all(word in f"{one.modality} {one.label} {one.others}".casefold() for word in others)
        ]

    def named(self, modality: str, names: Sequence[str] | None = None) -> list[Feature]:
        """Return the features of a modality (or the columns) with these names, in this order; all of them for None."""
        places = {self._names[k]: k for k in reversed(self._features.get(modality, range(0)))}
        wanted = dict.fromkeys(self._names[k] for k in self._features.get(modality, ())) if names is None else names
        return [self._feature(places[name]) for name in wanted]

    def _feature(self, k: int) -> Feature:
        group = next(group for group, within in self._features.items() if k in within)
        return Feature(group, self._names[k], self._labels[k], self._others[k])


def search(names: Sequence[str], text: str, n: int = 50) -> list[int]:
    """Return the positions of up to `n` names that hold `text`, upper or lower case, best first.

    The exact name comes first, then names that begin with the text, then the rest; among these short names before long
    ones, else in the given order. No text finds the first `n`.

    Examples
    --------
    >>> search(["Acd3", "Cd3e", "CD3", "Cd4"], "cd3")
    [2, 1, 0]
    """
    return _ranked([name.casefold() for name in names], text, n)


def _ranked(folded: list[str], text: str, n: int) -> list[int]:
    wanted = text.strip().casefold()
    if not wanted:
        return list(range(min(n, len(folded))))
    hits = [k for k, name in enumerate(folded) if wanted in name]
    first = [k for k in hits if folded[k].startswith(wanted)]
    best = _shortest(folded, first, n)
    if len(best) < n:
        leading = set(first)
        best += _shortest(folded, [k for k in hits if k not in leading], n - len(best))
    return best


def _shortest(folded: list[str], places: list[int], n: int) -> list[int]:
    return nsmallest(n, places, key=lambda k: len(folded[k]))  # equal ones in their order, as by sorting


def coloring_by(
    dataset: Dataset, feature: Feature, result: Result | None = None, scores: Mapping[str, Coloring] | None = None
) -> Coloring:
    """Return the spots coloured by a feature, a column or a set; see `maps.coloring_of`."""
    return coloring_of(dataset, (feature.modality, feature.name), result, scores)
