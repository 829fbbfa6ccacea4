"""Short jobs beside training (reading back, saving, merging, markers) in a thread, so that the window stays alive."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from napari_trsmi.gui.session import Session
from napari_trsmi.gui.worker import end_before_exit, sentence

logger = logging.getLogger(__name__)


def run_job(
    session: Session,
    busy: str,
    job: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[str], None] | None = None,
) -> None:
    """Run `job` in a thread and give what it returns to `done`, on the thread of the window.

    An error is told as one sentence through `Session.failed` (and to `failed`); `done` is then not called.

    Parameters
    ----------
    busy
        What a person reads meanwhile, such as ``"Saving domains.h5mu"``.
    """
    from superqt.utils import create_worker

    def work() -> tuple[Any, str]:
        try:
            return job(), ""
        except Exception as error:
            logger.info("job failed", exc_info=True)
            return None, sentence(error)

    def finish(outcome: tuple[Any, str]) -> None:
        value, problem = outcome
        ended()
        if problem:
            session.failed.emit(problem)
            if failed is not None:
                failed(problem)
        else:
            done(value)

    worker = create_worker(work, _start_thread=False, _ignore_errors=True)
    worker.returned.connect(finish)
    ended = session.busy.begin(busy)
    end_before_exit()
    worker.start()
