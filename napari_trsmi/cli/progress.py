"""Training as a person at a terminal sees it: a bar, and Ctrl-C that finishes instead of killing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from napari_trsmi.records import Step, drain, left_devices

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.stages import Prepared

_STDERR = 2


def say(text: str) -> None:
    """Print to stderr; a reader that is gone, such as a `tee` that the same Ctrl-C ended, must not cost the result."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


class Interrupt:
    """Ctrl-C as a request: the first one sets `asked`, the second raises KeyboardInterrupt.

    It takes effect with `watch` and ends with the ``with`` block. Before, Ctrl-C raises KeyboardInterrupt as usual.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        return self

    def watch(self) -> None:
        """Take over Ctrl-C; only the main thread may do that."""
        if self._before is None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_interrupt)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        # Not print: the signal may have come in the middle of one.
        with suppress(OSError):
            os.write(_STDERR, b"\nFinishing now and keeping the result; Ctrl-C again to abort without it.\n")


def follow(
    steps: Generator[Step, str | None, Result], interrupt: Interrupt, *, quiet: bool, prepared: Prepared | None = None
) -> Result:
    """Return the result of a training run that is shown while it goes on and that Ctrl-C finishes early.

    What `stages.prepare` made for the run serves to find the support; it is made again where not given.
    """
    with Progress(quiet=quiet) as progress:

        def show(step: Step) -> str | None:
            interrupt.watch()
            progress.show(step, last=interrupt.asked or step.epoch == step.n_epochs)
            return "stop" if interrupt.asked else None

        result = drain(steps, show)
    if result.config.evidence.support:
        result = with_support(result, interrupt, quiet=quiet, prepared=prepared)
    if not quiet and (left := left_devices(result.provenance.get("devices_tried", {}))):
        say(left)
    return result


def with_support(
    result: Result, interrupt: Interrupt | None = None, *, quiet: bool, prepared: Prepared | None = None
) -> Result:
    """Return the result with the support of its boundaries; without it where Ctrl-C was pressed meanwhile."""
    from tqdm import tqdm

    from napari_trsmi.evidence import supported

    asked_before = interrupt is not None and interrupt.asked
    steps = supported(result, prepared)
    with tqdm(desc="Support of the boundaries", unit="cut", disable=quiet or not sys.stderr.isatty()) as bar:
        if not quiet and not sys.stderr.isatty():
            say("Finding the support of the boundaries.")
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                found: Result = end.value
                return found
            bar.total = step.total
            bar.update(step.done - bar.n)
            if interrupt is not None and interrupt.asked and not asked_before:
                steps.close()
                return result


class Progress:
    """Progress of training on stderr: a bar on a terminal, a line every tenth of the epochs elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.bar: Any = None
        self.first: Step | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def show(self, step: Step, *, last: bool = False) -> None:
        """Show an epoch; after the last one, say what comes next."""
        if self.quiet:
            return
        from tqdm import tqdm

        values = {"loss": f"{step.losses['total']:.4f}", "beta": f"{step.beta:.2f}"}
        if sys.stderr.isatty():
            if self.bar is None:
                self.bar = tqdm(
                    total=step.n_epochs, initial=step.epoch - 1, desc="Training", unit="epoch", dynamic_ncols=True
                )
            self.bar.set_postfix(values, refresh=last)
            self.bar.update()
        else:
            self.first = self.first or step
            if last or step is self.first or step.epoch * 10 // step.n_epochs > (step.epoch - 1) * 10 // step.n_epochs:
                words = ", ".join(f"{name} {value}" for name, value in values.items())
                say(f"Epoch {step.epoch} of {step.n_epochs}: {words}{self._left(step)}")
        if last:
            self.close()
            say("Finding the domains and their boundaries.")

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self.bar is not None:
            self.bar.close()

    def _left(self, step: Step) -> str:
        """Return how long the remaining epochs will take, judged by those shown."""
        from tqdm import tqdm

        if self.first is None or step.epoch in (self.first.epoch, step.n_epochs):
            return ""
        pace = (step.seconds - self.first.seconds) / (step.epoch - self.first.epoch)
        return f", {tqdm.format_interval(pace * (step.n_epochs - step.epoch))} left"
