"""What opens a dock imports nothing that only work needs: it would take the time in which the dock is to be there."""

from __future__ import annotations

import subprocess
import sys

import pytest

WORK = ["torch", "sklearn", "scanpy", "scipy.sparse.csgraph", "scipy.spatial", "scipy.stats", "shapely"]
PROGRAM = """
import sys
import napari
import qtpy.QtWidgets
before = set(sys.modules)
for name in "train color boundaries ask correct trust compare regions embedding".split():
    __import__(f"napari_trsmi.gui.{name}.dock")
print(*(set(sys.modules) - before))
"""


@pytest.mark.slow
def test_docks_import_nothing_that_only_work_needs():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert sorted(set(done.stdout.split()) & set(WORK)) == []
