"""What opens a dock imports nothing that only work needs: it would take the time in which the dock is to be there."""

from __future__ import annotations

import subprocess
import sys

import pytest

WORK = ["torch", "sklearn", "scanpy", "scipy.sparse.csgraph", "scipy.spatial", "scipy.stats", "shapely"]
FIRST = ["scipy.sparse"]  # not by the first dock either: they are there once something is open
PROGRAM = """
import sys
import napari
import qtpy.QtWidgets
before = set(sys.modules)
for name in sys.argv[1:]:
    __import__(f"napari_trsmi.gui.{name}.dock")
print(*(set(sys.modules) - before))
"""


def imported(*docks):
    """Names of what the docks import."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *docks], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
def test_docks_import_nothing_that_only_work_needs():
    docks = ["train", "color", "boundaries", "ask", "correct", "trust", "compare", "regions", "embedding"]
    assert sorted(imported(*docks) & set(WORK)) == []


def test_the_first_dock_imports_nothing_that_only_tables_need():
    assert sorted(imported("train") & {*WORK, *FIRST}) == []
