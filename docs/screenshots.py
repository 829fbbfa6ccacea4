"""Take the pictures of the README and the guide from the real window: ``python docs/screenshots.py``.

Needs a screen; on a machine without one: ``xvfb-run -a -s "-screen 0 1920x1080x24" python docs/screenshots.py``.
The mouse brain and the study are left out where the shared data are missing (TRSMI_SHARED_DATA names their folder).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
BRAIN = "mouse_brain_p22_atac.h5mu"
STUDY = tuple(f"mosaic_r1/{name}.h5ad" for name in ("s1_rna", "s1_adt", "s2_rna", "s3_adt"))
USED = ("sample_training", "sample_result", "sample_correct", "brain_boundaries", "study_result")  # by the pages
FILMED = ("sample_training",)
PAGE = (1000, 1000)  # pixels that a moving picture fits into
MIDDLE = 4  # the frame that is kept as a picture
FRAME, REST = 250, 4000  # milliseconds of each frame, and of the last


def main() -> None:
    """Open, train, photograph."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE / "images", help="folder for the pictures")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--all", action="store_true", help="keep every picture, not only those the pages use")
    parser.add_argument("--only", choices=("sample", "brain", "study"), help="take only these pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    shared = Path(os.environ.get("TRSMI_SHARED_DATA", HERE.parents[1] / "shared" / "data"))

    import napari_trsmi as nt

    if options.only in (None, "sample"):
        Pictures(options, "sample", [nt.sample_path()], n_domains=7).take()
    if options.only in (None, "brain") and (shared / BRAIN).exists():
        Pictures(options, "brain", [shared / BRAIN], n_domains=9).take()
    if options.only in (None, "study") and (shared / STUDY[0]).exists():
        Pictures(options, "study", [shared / name for name in STUDY], n_domains=5).take_sections()


class Pictures:
    """The pictures of one section or study."""

    def __init__(self, options: argparse.Namespace, name: str, paths: list[Path], n_domains: int) -> None:
        import napari

        from napari_trsmi.gui.viewer.docks import open_docks
        from napari_trsmi.gui.viewer.sessions import session_of

        self.out, self.name, self.n_domains = options.out, name, n_domains
        self.every = options.all
        self.viewer = napari.Viewer(title="napari", show_welcome_screen=False)
        self.viewer.theme = options.theme
        self.viewer.window.resize(*options.size)
        self.session = session_of(self.viewer)
        given = list(map(str, paths))
        self.viewer.open(given, stack=len(given) > 1, plugin="napari-trsmi")
        open_docks(self.viewer)
        self.settle()

    def take(self) -> None:
        """Photograph the section, a run in the middle, its result, the boundaries and a colouring."""
        from napari_trsmi.gui.viewer.docks import BOUNDARIES, COLOUR, COMPARE, PLUGIN, TRUST

        self.shot("open")
        self.start()
        self.film("training")
        self.shot("result")
        for name, dock in (("boundaries", BOUNDARIES), ("colour", COLOUR), ("trust", TRUST), ("compare", COMPARE)):
            widget, _ = self.viewer.window.add_plugin_dock_widget(PLUGIN, dock)
            widget.show()
            widget.raise_()
            self.shot(name)
        self.correct()
        self.viewer.close()
        self.settle(0.2)

    def take_sections(self) -> None:
        """Photograph the sections of a study, their domains, one of them alone, and the boundaries of one."""
        from napari_trsmi.gui.train.dock import TrainDock

        session = self.session
        self.shot("open")
        self.start()
        self.wait(lambda: session.state == "idle" and session.support.job is None, seconds=1200.0)
        self.shot("result")
        session.parts.hide(frozenset({1}))
        session.parts.choose(2)
        self.shot("hidden")
        session.parts.hide(frozenset())
        dock = self.viewer.window._qt_window.findChild(TrainDock)
        dock.data_panel.parts.fly(1)
        self.shot("flown")
        self.viewer.close()
        self.settle(0.2)

    def start(self) -> None:
        """Train, with the number of domains that is known."""
        config = self.session.config
        cluster = config.cluster.model_copy(update={"n_domains": self.n_domains})
        self.session.set_config(config.model_copy(update={"cluster": cluster}))
        self.session.start()

    def correct(self) -> None:
        """Lasso two places, say something about them, and photograph that and what becomes of it."""
        from napari_trsmi.gui.viewer.docks import CORRECT, PLUGIN

        dock, found = self.viewer.window.add_plugin_dock_widget(PLUGIN, CORRECT)
        dock.show()
        dock.raise_()
        panel, section = found.panel, self.session.section
        assert section is not None
        at = section.dataset.coords[:, ::-1]
        low, extent = at.min(axis=0), np.ptp(at, axis=0)
        for group, place, radius in (("A", (0.22, 0.45), 0.07), ("B", (0.45, 0.7), 0.09)):
            panel.bar.lassos[group].click()
            turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)[:, None]
            around = np.hstack([np.sin(turn), np.cos(turn)]) * (1 + 0.15 * np.sin(3 * turn))
            self.session.canvas.layer("lasso").add(
                low + extent * place + radius * extent.max() * around, shape_type="polygon"
            )
            self.settle(0.2)
        panel.buttons["Keep apart"].click()
        panel.domains.setCurrentIndex(0)
        panel.buttons["Give A to"].click()
        self.shot("correct")
        if self.every:
            panel.run.button.click()
            self.wait(lambda: self.session.state == "idle")
            self.shot("corrected")

    def shot(self, what: str) -> None:
        """Write one picture."""
        self.settle()
        if self.every or f"{self.name}_{what}" in USED:
            self.viewer.screenshot(str(self.out / f"{self.name}_{what}.png"), canvas_only=False, flash=False)

    def film(self, what: str) -> None:
        """Write a moving picture of the run, a frame at each preview and the result, and a picture of its middle."""
        session, frames = self.session, [self.frame()]
        while session.run is not None:
            seen = len(session.run.previews)
            self.wait(lambda seen=seen: session.run is None or len(session.run.previews) > seen)
            self.settle(0.1)
            frames.append(self.frame())
            if len(frames) == MIDDLE:
                self.shot(what)
        self.wait(lambda: session.state == "idle" and session.support.job is None)
        self.settle()
        frames.append(self.frame())
        if self.every or f"{self.name}_{what}" in FILMED:
            times = [FRAME] * (len(frames) - 1) + [REST]
            path = self.out / f"{self.name}_{what}.gif"
            frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=True)

    def frame(self) -> Image.Image:
        """Return what the window looks like now, at the size of a page."""
        shot = Image.fromarray(self.viewer.screenshot(canvas_only=False, flash=False)[..., :3])
        shot.thumbnail(PAGE, Image.Resampling.LANCZOS)
        return shot.quantize(128, dither=Image.Dither.NONE)

    def wait(self, until: Callable[[], bool], seconds: float = 300.0) -> None:
        """Let the window work until something is true."""
        from qtpy.QtWidgets import QApplication

        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise TimeoutError(f"the window did not get there in {seconds:g} s")
            QApplication.processEvents()
            time.sleep(0.005)

    def settle(self, seconds: float = 1.0) -> None:
        """Let everything be drawn."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, seconds + 10.0)


if __name__ == "__main__":
    main()
