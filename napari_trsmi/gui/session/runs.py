"""The results of a section that a person can go back to: no window, no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from itertools import count as counting
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from napari_trsmi.compare import differences, with_records
from napari_trsmi.edits import review
from napari_trsmi.errors import DataError
from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.form.labels import label
from napari_trsmi.gui.form.spec import sections, shown
from napari_trsmi.gui.session.spilling import spill
from napari_trsmi.plural import many
from napari_trsmi.reviews import carried_reviews
from napari_trsmi.teach import count

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

_ALL: WeakSet[Runs] = WeakSet()  # of every section in every window: they share the memory of the program
_TIME = counting()


@dataclass(eq=False)
class Entry:
    """A result in the list.

    Attributes
    ----------
    number
        Its own for good, from 1 in the order of coming.
    name
        What a person calls it.
    result
        The result with all edits so far.
    path
        File it was saved to or read from; None while it is only in memory.
    pinned
        True where it stays on top and is not deleted.
    comparisons
        What was shown of it beside others, by what those are; see `compare.record`.
    seen
        Grows with each time that a result was shown: the entry with the smallest was seen longest ago.
    unsupported
        True where a person stopped the search for its support, or nothing was found.
    kept
        The small copy beside a session file that holds it as it is; None for none, and once it was edited since.
    source
        The last file that its domains were saved to or read from, whatever was said of them since.
    noted
        True where a session file names `source` and what was said since; False once more was said.
    """

    number: int
    name: str
    result: Result
    path: Path | None = None
    pinned: bool = False
    comparisons: dict[tuple[str, Any], dict[str, Any]] = field(default_factory=dict)
    seen: int = 0
    unsupported: bool = False
    kept: Path | None = None
    source: Path | None = None
    noted: bool = False

    def lies_at(self, path: Path | None) -> None:
        """Take in the file that holds it as it is; None where none does."""
        self.path, self.source = path, path or self.source


class Runs:
    """The results of one section, first to last, pinned ones before the others.

    Edits that keep the domains (names, colours, reviews) belong to the same entry; other domains make a new one. States
    of training that take too much memory go to temporary files, see `spilling`.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._count = 0
        self._agreement: dict[frozenset[int], float] = {}
        self._shown: Entry | None = None
        _ALL.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self._entries, key=lambda entry: (not entry.pinned, entry.number)))

    def take(self, result: Result, path: Path | None = None) -> Entry:
        """Return the entry of a result that is shown now, made where its domains are new."""
        entry = self.entry_of(result)
        if entry is None:
            self._count += 1
            name = path.stem if path is not None else f"run {self._count}"
            entry = Entry(self._count, name, result, path)
            self._entries.append(entry)
        if entry.result is not result:
            entry.kept, entry.noted = None, False
        entry.result, entry.seen = result, next(_TIME)
        entry.lies_at(path)
        self._shown = entry
        for other in self._entries:
            if other is not entry:
                other.result = _without_previews(other.result)
        spill(chain.from_iterable(_ALL), {runs._shown for runs in _ALL if runs._shown is not None})
        return entry

    def in_session_file(self, result: Result | None) -> bool:
        """Return whether a session file gives a result back as it is."""
        entry = self.entry_of(result)
        return entry is not None and (entry.kept is not None or entry.noted)

    def entry_of(self, result: Result | None) -> Entry | None:
        """Return the entry that has the domains of `result`, or None."""
        partition = None if result is None else result.partition
        return next((entry for entry in self._entries if entry.result.partition is partition), None)

    def complete(self, result: Result) -> Result:
        """Return a result as it is saved: with the comparisons of its domains that a person has seen.

        ``provenance["runs"]`` lists the other runs of the list with their agreement (ARI) where it was shown.
        """
        entry = self.entry_of(result)
        if entry is None:
            return result
        names = {("run", other.number): other.name for other in self._entries}
        seen = ({**one, "name": names.get(key, one["name"])} for key, one in entry.comparisons.items())
        beside = [
            {"name": other.name, "ari": ari}
            for other in self
            if (ari := self._agreement.get(frozenset((entry.number, other.number)))) is not None
        ]
        if beside:
            result = replace(result, provenance={**result.provenance, "runs": beside})
        return with_records(result, seen)

    def with_reviews(self, result: Result) -> Result:
        """Return a new result of the list with what was said of the same boundaries in other runs, last seen first.

        A merge has taken along what it left as it was, and a file is what it is.
        """
        entry, edits = self.entry_of(result), result.provenance.get("edits", ())
        if entry is None or (edits and edits[-1]["edit"] == "merge"):
            return result
        others = sorted((other for other in self._entries if other is not entry), key=lambda other: -other.seen)
        for one in carried_reviews(result, {other.name: other.result for other in others}):
            result = review(result, *one)
        return result

    def rename(self, entry: Entry, name: str) -> None:
        """Call an entry something else.

        Raises
        ------
        DataError
            The name is empty or that of another entry.
        """
        name = name.strip()
        if not name or any(other.name == name for other in self._entries if other is not entry):
            raise DataError(f"Expected a name that no other run has, found {name!r}. Use another one.")
        entry.name = name

    def remove(self, entry: Entry, current: Result | None) -> None:
        """Forget an entry; nothing else here refers to its result afterwards.

        Raises
        ------
        DataError
            It is pinned, or the one that is shown.
        """
        if entry.pinned:
            raise DataError(f"Expected a run that is not pinned, found {entry.name}. Unpin it first.")
        if entry is self.entry_of(current):
            raise DataError(f"Expected a run that is not shown, found {entry.name}. Show another one first.")
        self._entries.remove(entry)
        self._agreement = {pair: ari for pair, ari in self._agreement.items() if entry.number not in pair}

    def move_to(self, dataset: Dataset) -> Runs:
        """Return the runs, now on `dataset`: the same spots at other places."""
        for entry in self._entries:
            entry.result = on(dataset, entry.result)
        return self

    # What is said of the entries

    def agreement(self, first: Entry, second: Entry) -> float:
        """Return the adjusted Rand index of two entries."""
        from sklearn.metrics import adjusted_rand_score

        if first is second:
            return 1.0
        pair = frozenset((first.number, second.number))
        if pair not in self._agreement:
            self._agreement[pair] = float(adjusted_rand_score(first.result.labels, second.result.labels))
        return self._agreement[pair]

    def differing(self) -> dict[int, str]:
        """Return by number, in few words, what sets each entry apart from the others; from the defaults if alone."""
        entries = list(self)
        found = differences([entry.result.config for entry in entries]) if entries else []
        for entry, own in zip(entries, found, strict=True):
            if own.get("cluster.n_domains") == entry.result.partition.n_domains:
                del own["cluster.n_domains"]  # their number is said anyway
        return {
            entry.number: ", ".join([*_origin(entry.result), *_told(own)])
            or ("same settings" if len(entries) > 1 else "default settings")
            for entry, own in zip(entries, found, strict=True)
        }


def on(dataset: Dataset, result: Result) -> Result:
    """Return a result of the same spots as one on `dataset`, which may lie elsewhere or hold more modalities.

    Raises
    ------
    DataError
        The spots are others, or in another order.
    """
    from napari_trsmi.data.placement import moved_along  # what it needs is there once something is open

    if not np.array_equal(result.obs_names, dataset.obs_names):
        common = len(np.intersect1d(result.obs_names, dataset.obs_names))
        raise DataError(
            f"Expected a result of the {dataset.n_spots} spots of {dataset.name} in their order, found "
            f"{len(result.obs_names)} spots of {result.dataset.name}, {common} of them the same. Open it as a section "
            "of its own, or take over its domains: Compare > Add."
        )
    used = result.dataset.modalities
    if list(used) != list(dataset.modalities):
        modalities = {name: dataset.modalities.get(name, modality) for name, modality in used.items()}
        dataset = replace(dataset, modalities=modalities)
    return moved_along(result, dataset)


def scores(result: Result) -> dict[str, float]:
    """Return what the list shows of a result; NaN for what it does not know.

    ``support`` and ``confidence``: means over the spots; ``PAS``: share of spots whose neighbours are of other domains,
    the lower the smoother; ``preservation``: share of neighbours in each modality that are neighbours in the embedding,
    mean over the modalities; ``seconds`` the run took.
    """
    kept = [value for name, value in result.scores.items() if name.startswith("preservation_")]
    seconds = sum(result.provenance.get("seconds", {}).values())
    return {
        "support": float(result.maps[SUPPORT].mean()) if SUPPORT in result.maps else np.nan,
        "confidence": float(result.confidence.mean()),
        "PAS": float(result.scores.get("PAS", np.nan)),
        "preservation": float(np.mean(kept)) if kept else np.nan,
        "seconds": float(seconds) or np.nan,
    }


def _origin(result: Result) -> list[str]:
    """Return where the domains of a result come from, unless it is from a whole run."""
    provenance = result.provenance
    made = [entry["edit"] for entry in provenance.get("edits", ())]
    words = []
    if "transferred" in provenance:
        words.append(f"domains of {' + '.join(provenance['transferred']['from'])}")
    if "kept_preview" in provenance:
        words.append(f"epoch {provenance['kept_preview']}")
    elif provenance.get("stopped") and result.history:
        words.append(f"ended at epoch {result.history[-1].epoch}")
    if "recluster" in made or "reclustered_from" in provenance:
        words.append("clustered again")
    if "nested" in made:
        words.append("coarser or finer")
    if "merge" in made:
        words.append("merged")
    return words


@cache
def _spoken() -> dict[str, str]:
    """Return what a person reads for each setting in a list: its label, after its section where labels are alike."""
    found = [(title, spec) for title, inside in sections().values() for spec in inside]
    alike = Counter(spec.label for _, spec in found)
    return {
        spec.name: spec.label if alike[spec.label] == 1 else f"{title} {spec.label.lower()}" for title, spec in found
    }


def _told(own: dict[str, Any]) -> list[str]:
    """Return settings in words: what a person said about spots and how long was trained on, then the others."""
    own = dict(own)
    words = [count(own.pop("constraints", ()))]
    if extra := own.pop("train.extra_epochs", 0):
        words.append(f"trained on for {many(extra, 'epoch')}")
    return [word for word in words if word] + [_words(name, value) for name, value in own.items()]


def _words(name: str, value: Any) -> str:
    text = _spoken().get(name, label(name))
    return f"{text[:1].lower()}{text[1:]} {shown(value)}"


def _without_previews(result: Result) -> Result:
    """Return a result whose history holds no domains and embeddings: they take most of its memory."""
    if all(step.embedding is None for step in result.history):
        return result
    return replace(result, history=tuple(replace(step, embedding=None, labels=None) for step in result.history))
