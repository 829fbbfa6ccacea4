"""Names of the controls that the tour points at: each is the object name of its widget, wherever that lies."""

from __future__ import annotations

OPEN_SAMPLE = "trsmi-open-sample"
SECTION = "trsmi-section"
RUN = "trsmi-run"
PROGRESS = "trsmi-progress"
COURSE = "trsmi-course"
BOUNDARIES = "trsmi-boundaries"
ACROSS = "trsmi-across"
SAVE = "trsmi-save"
