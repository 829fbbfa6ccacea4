"""Spatial domains from spatial multi-omics: ``ds = read(path); result = fit(ds); result.write(path)``.

Names are looked up when first used: importing this package imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "Config": "config",
    "ConfigError": "errors",
    "DataError": "errors",
    "Dataset": "data.dataset",
    "Fit": "records",
    "Result": "data.result",
    "Step": "records",
    "TrainingError": "errors",
    "TrsmiError": "errors",
    "carriers": "evidence.carriers",
    "composition": "study",
    "composition_test": "study",
    "describe_domain": "answers",
    "differ": "answers",
    "export": "exchange",
    "fit": "api",
    "fit_steps": "api",
    "import_columns": "exchange",
    "markers": "api",
    "mixing": "study",
    "profile_across": "evidence.across",
    "read": "api",
    "read_result": "data.saved",
    "read_sections": "data.readers.several",
    "recluster": "api",
    "restore": "restoring",
    "sample_path": "data.sample",
    "save_figure": "figure",
    "save_profile": "profile_figure",
    "simulate": "data.simulate",
    "transfer": "study",
}
__all__ = [
    "Config",
    "ConfigError",
    "DataError",
    "Dataset",
    "Fit",
    "Result",
    "Step",
    "TrainingError",
    "TrsmiError",
    "__version__",
    "carriers",
    "composition",
    "composition_test",
    "describe_domain",
    "differ",
    "export",
    "fit",
    "fit_steps",
    "import_columns",
    "markers",
    "mixing",
    "profile_across",
    "read",
    "read_result",
    "read_sections",
    "recluster",
    "restore",
    "sample_path",
    "save_figure",
    "save_profile",
    "simulate",
    "transfer",
]

if TYPE_CHECKING:
    __version__: str
    from napari_trsmi.answers import describe_domain, differ
    from napari_trsmi.api import fit, fit_steps, markers, read, recluster
    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.readers.several import read_sections
    from napari_trsmi.data.result import Result
    from napari_trsmi.data.sample import sample_path
    from napari_trsmi.data.saved import read_result
    from napari_trsmi.data.simulate import simulate
    from napari_trsmi.errors import ConfigError, DataError, TrainingError, TrsmiError
    from napari_trsmi.evidence.across import profile_across
    from napari_trsmi.evidence.carriers import carriers
    from napari_trsmi.exchange import export, import_columns
    from napari_trsmi.figure import save as save_figure
    from napari_trsmi.profile_figure import save_profile
    from napari_trsmi.records import Fit, Step
    from napari_trsmi.restoring import restore
    from napari_trsmi.study import composition, composition_test, mixing, transfer


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from napari_trsmi.versions import own

        return own()
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_WHERE[name]}")
    return getattr(module, "save" if name == "save_figure" else name)


def __dir__() -> list[str]:
    return sorted(__all__)
