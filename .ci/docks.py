"""Open every dock of the installed package in napari, on a screen of its own where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

OPTIONAL = ("cryptography", "distributed", "igraph", "spatialdata", "spatialdata_io", "squidpy")


def main() -> None:
    """Fail where a dock of the manifest does not open, or a checkout or an extra helps the package."""
    import napari_trsmi

    place = Path(napari_trsmi.__file__)
    assert "site-packages" in place.parts, f"Expected the installed package, found {place}."
    assert not (there := [name for name in OPTIONAL if find_spec(name)]), f"Expected no extra, found {there}."

    import napari
    from npe2 import PluginManifest
    from qtpy import API_NAME
    from qtpy.QtWidgets import QApplication

    viewer = napari.Viewer()
    opened = []
    for widget in PluginManifest.from_distribution("napari-trsmi").contributions.widgets:
        viewer.window.add_plugin_dock_widget("napari-trsmi", widget.display_name)
        opened.append(widget.display_name)
    viewer.open_sample("napari-trsmi", "slice")
    QApplication.processEvents()
    found = [layer.name for layer in viewer.layers]
    assert {"tissue", "spots"} <= {name.split()[-1] for name in found}, f"Expected the sample, found {found}."
    viewer.close()
    python = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {python}, napari {napari.__version__}, {API_NAME}: {', '.join(opened)} opened.")


def screen() -> subprocess.Popen[bytes] | None:
    """Start a virtual screen where there is none, and name it to this process."""
    if os.environ.get("DISPLAY") or sys.platform != "linux":
        return None
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24"]
    server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    os.environ["DISPLAY"] = f":{os.read(reading, 16).decode().strip()}"
    return server


if __name__ == "__main__":
    server = screen()
    try:
        main()
    finally:
        if server is not None:
            server.terminate()
