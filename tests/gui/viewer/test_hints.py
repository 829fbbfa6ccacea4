"""What stands in an empty field can be read in both themes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QApplication, QLineEdit

from napari_trsmi.gui.viewer.docks import PLUGIN


def light(color):
    """Relative luminance, as of WCAG."""
    part = np.asarray(color, float) / 255
    return np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hints_can_be_read(viewer, theme):
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Train")
    viewer.theme = theme
    QApplication.processEvents()
    field = next(one for one in dock.findChildren(QLineEdit) if one.placeholderText() == "Find a setting")
    *hint, alpha = field.palette().placeholderText().color().getRgb()
    ground = get_theme(theme).primary.as_rgb_tuple(alpha=False)  # of a field, in napari's style
    seen = np.array(hint) * alpha / 255 + np.array(ground) * (1 - alpha / 255)
    low, high = sorted([light(seen), light(ground)])
    assert (high + 0.05) / (low + 0.05) >= 4.5
