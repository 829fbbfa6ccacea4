"""The dock "Embedding": the spots as the method sees them, beside the tissue and linked with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.gui.embedding.panel import EmbeddingPanel
from napari_trsmi.gui.viewer.furnish import equip
from napari_trsmi.gui.viewer.guide import Guide
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.frame import Framed
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari import Viewer

NO_SECTION = "Nothing to show yet.\n\nDrop a file on the window, or choose File > Open Sample > napari-trsmi."
NO_EMBEDDING = (
    "There is no embedding yet.\n\nPress Run in the Train dock. Embeddings of other methods that a file holds in obsm "
    "are shown here too."
)


class EmbeddingDock(Framed):
    """The panel, or what to do before there is an embedding."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_of(napari_viewer)
        self.panel = EmbeddingPanel(napari_viewer, self.session)
        self.frame(self.panel, 4, Guide(self.session, "embedding"))
        equip(self, napari_viewer, self.session)
        self.front_changed.connect(self.panel.come)
        listen(
            self,
            (self.session.section_changed, self._update),
            (self.session.result_changed, self._update),
        )
        self._update()

    def _update(self, _: Any = None) -> None:
        section = self.session.section
        there = section is not None and (section.result is not None or bool(section.dataset.embeddings))
        self.show_page("" if there else NO_SECTION if section is None else NO_EMBEDDING)
