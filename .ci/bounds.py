"""Check that what is installed are the lowest versions that pyproject.toml allows, so that its bounds are true."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
wrong = []
for line in [*project["dependencies"], *extras["leiden"], *extras["spatialdata"], *extras["sweep"], *extras["test"]]:
    wanted = Requirement(line)
    if wanted.name == project["name"]:
        continue
    lowest = [Version(bound.version) for bound in wanted.specifier if bound.operator == ">="]
    try:
        found = Version(version(wanted.name))
    except PackageNotFoundError:
        found = None
    if len(lowest) != 1 or found is None or Version(found.public) != lowest[0]:
        wrong.append(f"{line}: the lowest that can be installed is {found}")
raise SystemExit("\n".join(wrong) or 0)
