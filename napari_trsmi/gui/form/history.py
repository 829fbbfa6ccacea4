"""Edits that can be undone."""

from __future__ import annotations

import time
from collections.abc import Callable

from qtpy.QtGui import QUndoCommand

from napari_trsmi.config import Config

MERGE_SECONDS = 0.5  # edits of one setting that follow this quickly (a held arrow key) are undone together


class Edit(QUndoCommand):
    """The way from one config to another.

    Parameters
    ----------
    apply
        Takes a config and whether to tell others.
    text
        What was done, for the lists that Qt can show of a stack.
    key
        Name of the one setting that was edited, "" for several.
    quiet
        Do not tell others when done first; they asked for it.
    """

    def __init__(
        self, apply: Callable[[Config, bool], None], before: Config, after: Config, text: str, key: str, quiet: bool
    ) -> None:
        super().__init__(text)
        self.before, self.after, self.key = before, after, key
        self._apply, self._quiet, self._when = apply, quiet, time.monotonic()

    def redo(self) -> None:
        """Go to the later config; Qt calls this when the edit is pushed."""
        quiet, self._quiet = self._quiet, False
        self._apply(self.after, not quiet)

    def undo(self) -> None:
        """Go back to the earlier config."""
        self._apply(self.before, True)

    def id(self) -> int:
        """Let Qt try to merge edits of single settings."""
        return 1 if self.key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Become one with the edit that follows, where it is of the same setting and quick."""
        if not isinstance(other, Edit) or other.key != self.key or other._when - self._when > MERGE_SECONDS:
            return False
        self.after, self._when = other.after, other._when
        self.setObsolete(self.after == self.before)
        return True
