"""Hints beside the data and the number of domains: what was guessed, how auto chooses, what says little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.gui.tour.tour import NAME
from napari_trsmi.gui.viewer.taking_over import WIDEST, WITHOUT_TRAINING, labelled_others, take_over
from napari_trsmi.gui.widgets.hint import Hint
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import shortened
from napari_trsmi.plural import many
from napari_trsmi.summary import technical

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

GUESSED = "Took modality "  # how a note of the reader begins that says what a kind was judged by
LITTLE = "carries little information"
FEW = 40  # spots per domain below which the smallest domains are a handful of spots
OFFER = "New here? Six short steps on a sample show how domains are found and questioned."


class Offer(Hint):
    """Offers the tour until it was taken or put away, and while nothing is open."""

    def __init__(self, session: Session, take_tour: Callable[[], Any], parent: QWidget) -> None:
        super().__init__(
            NAME, parent, "Take the tour", "Six steps on the sample; it never stands in the way", take_tour
        )
        self.session = session
        listen(self, (session.section_changed, self._refresh))
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        self.say(OFFER if self.session.section is None else "")


class DataHints(QWidget):
    """What a person should know of the modalities: kinds that were guessed, and what carries little."""

    def __init__(self, session: Session, show_kinds: Callable[[], Any]) -> None:
        super().__init__()
        self.session = session
        self.kind = Hint(
            "kind", self, "Change it", "Show the modalities, their kinds and weights, in the settings", show_kinds
        )
        self.little = Hint("little", self, "Show it", "Show the modalities, to untick it", show_kinds)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for hint in (self.kind, self.little):
            layout.addWidget(hint)
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.result_changed, self._refresh),
            (session.config_changed, self._refresh),
        )
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        dataset, result = self.session.dataset, self.session.result
        self.kind.say("" if dataset is None else guessed(dataset, self.session.config))
        self.little.say("" if result is None else carries_little(result))
        set_seen(self, not (self.kind.isHidden() and self.little.isHidden()))


class NumberHint(Hint):
    """How auto chooses the number of domains, and whether a number that was given is a large one."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__("number", parent)
        self.session = session
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.result_changed, self._refresh),
            (session.config_changed, self._refresh),
        )
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        dataset = self.session.dataset
        first = dataset is not None and self.session.result is None
        self.say(number(dataset, self.session.config) if dataset is not None and first else "")


class TakeOverHint(Hint):
    """That a section without domains can have those of another one that is open."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__("take over", parent, "Take them over", WITHOUT_TRAINING, self._take_over)
        self.session = session
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.result_changed, self._refresh),
            (session.run_changed, self._refresh),
        )
        self._refresh()

    def _other(self) -> OpenSection | None:
        """Return the one that tells most: that of the most sections, the last opened of these."""
        if self.session.result is not None or self.session.run is not None:
            return None
        return max(reversed(labelled_others(self.session)), key=lambda one: len(one.dataset.parts), default=None)

    def _refresh(self, *_: Any) -> None:
        other = self._other()
        if other is None or other.result is None:
            return self.say("")
        domains, name = many(other.result.partition.n_domains, "domain"), shortened(other.dataset.name, WIDEST)
        return self.say(f"{name} has {domains}. This section can have the same ones, without training.")

    def _take_over(self) -> None:
        if (other := self._other()) is not None:
            take_over(self.session, other)


def guessed(dataset: Dataset, config: Config) -> str:
    """Return what was judged about kinds, in sentences; nothing of those that a person has set."""
    notes = [note for note in dataset.notes if note.startswith(GUESSED)]
    open_ones = [
        note for note in notes if not any(note.startswith(f"{GUESSED}{name!r}") for name in config.preprocess.kinds)
    ]
    return "\n".join(open_ones)


def carries_little(result: Result) -> str:
    """Return which modalities say little about the tissue, in sentences."""
    return "\n".join(sentence for sentence in technical(result) if LITTLE in sentence)


def number(dataset: Dataset, config: Config) -> str:
    """Return how the number of domains will be chosen, or that one that was given is large for these spots."""
    given, most = config.cluster.n_domains, config.cluster.max_domains
    if given is None:
        return (
            f"auto tries 2 to {most} when training is done and lists those about as good; a click takes another. Give "
            "a number only where you know it."
        )
    if given > 1 and dataset.n_spots / given < FEW:
        return (
            f"{given} domains of {dataset.n_spots:,} spots leave about {dataset.n_spots // given} spots each: small "
            "domains are the least certain. auto shows which numbers the measurements bear."
        )
    return ""
