"""Names of the controls that the tour points at or a session file asks: the object name of each, wherever it lies."""

from __future__ import annotations

OPEN_SAMPLE = "trsmi-open-sample"
SECTION = "trsmi-section"
RUN = "trsmi-run"
PROGRESS = "trsmi-progress"
COURSE = "trsmi-course"
BOUNDARIES = "trsmi-boundaries"
REVIEW = "trsmi-review"
ACROSS = "trsmi-across"
SAVE = "trsmi-save"
