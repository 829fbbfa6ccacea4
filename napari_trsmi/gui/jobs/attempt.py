"""What a person tries at once, without a thread: what goes wrong is told, until the same goes well."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from napari_trsmi.errors import TrsmiError

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session


class Attempt:
    """A block in which a `TrsmiError` becomes one sentence of `Session.failed`, and success one of `Session.did`.

    Parameters
    ----------
    about
        What is tried, such as ``"Colouring"``: a message about it goes once it goes well in the same dock.

    Attributes
    ----------
    well
        True once the block ended without an error.
    """

    def __init__(self, session: Session, about: str) -> None:
        self.session, self.about, self.well = session, about, False

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        busy = self.session.busy
        if error is None:
            self.well = True
            self.session.did.emit(self.about)
        elif isinstance(error, TrsmiError):
            with busy.at(busy.place, self.about):
                self.session.failed.emit(str(error))
        return isinstance(error, TrsmiError)
