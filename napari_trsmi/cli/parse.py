"""From words to a command: tyro reads the models of settings, pydantic checks the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

import tyro
from tyro.conf import Fixed, Suppress, arg, subcommand
from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

from napari_trsmi.cli.across import Across
from napari_trsmi.cli.carry_on import Continue
from napari_trsmi.cli.command import Command, Saving
from napari_trsmi.cli.compare import Compare
from napari_trsmi.cli.demo import Demo
from napari_trsmi.cli.describe import Describe
from napari_trsmi.cli.differ import Differ
from napari_trsmi.cli.domains import Domains
from napari_trsmi.cli.exchange import Export, Import
from napari_trsmi.cli.fit import Fit
from napari_trsmi.cli.info import Info
from napari_trsmi.cli.markers import Markers
from napari_trsmi.cli.report import Report
from napari_trsmi.cli.score import Score
from napari_trsmi.cli.simulate import Simulate
from napari_trsmi.cli.study import Study
from napari_trsmi.cli.sweep import Sweep
from napari_trsmi.cli.transfer import Transfer
from napari_trsmi.cli.trust import Trust
from napari_trsmi.cli.view import View
from napari_trsmi.config import Constraint
from napari_trsmi.settings import Settings

ABOUT = (
    "Spatial domains from spatial multi-omics data. `trsmi demo` shows it on a sample, `trsmi fit --help` lists every "
    "setting with its default, `trsmi --version` prints the version."
)
_COMMANDS = (
    Annotated[Fit, subcommand("fit")]
    | Annotated[Domains, subcommand("domains")]
    | Annotated[Continue, subcommand("continue")]
    | Annotated[Score, subcommand("score")]
    | Annotated[Markers, subcommand("markers")]
    | Annotated[Differ, subcommand("differ")]
    | Annotated[Describe, subcommand("describe")]
    | Annotated[Across, subcommand("across")]
    | Annotated[Study, subcommand("study")]
    | Annotated[Transfer, subcommand("transfer")]
    | Annotated[Sweep, subcommand("sweep")]
    | Annotated[Trust, subcommand("trust")]
    | Annotated[Compare, subcommand("compare")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Import, subcommand("import")]
    | Annotated[Simulate, subcommand("simulate")]
    | Annotated[View, subcommand("view")]
    | Annotated[Demo, subcommand("demo")]
    | Annotated[Info, subcommand("info")]
)
_WORDS = {int: "INT", float: "FLOAT", str: "TEXT"}


def parse(argv: Sequence[str]) -> Command:
    """Return the command that the words ask for.

    Raises
    ------
    SystemExit
        Code 0 after ``--help``, 2 after a message where the words make no command.
    TrsmiError
        A file of settings named there cannot be used.
    """
    registry = ConstructorRegistry()
    registry.struct_rule(_section)
    command: Command = tyro.cli(_COMMANDS, prog="trsmi", description=ABOUT, args=argv, registry=registry)
    settled = command.settled()
    if settled is command:
        return command
    # Once more, now with the file's settings as the defaults that the words are put on top of. Switches stay off in
    # the defaults: one that is on could only be switched off.
    defaults = replace(settled, quiet=False, verbose=False)
    if isinstance(defaults, Saving):
        defaults = replace(defaults, no_figure=False)
    again: Command = tyro.cli(
        type(command), prog=f"trsmi {argv[0]}", args=argv[1:], default=defaults, registry=registry
    )
    return again


def _section(info: StructTypeInfo) -> StructConstructorSpec | None:
    """Read a model of settings without its checks; the commands make them on the whole, so that names are full."""
    if not (isinstance(info.type, type) and issubclass(info.type, Settings)):
        return None
    given = isinstance(info.default, Settings)
    fields = (
        StructFieldSpec(
            name=name,
            type=_shown(field.annotation),
            default=getattr(info.default, name) if given else field.get_default(call_default_factory=True),
            helptext=field.description,
        )
        for name, field in info.type.model_fields.items()
    )

    def unchecked(**values: Any) -> Settings:
        made: Settings = info.type.model_construct(**values)
        return made

    unchecked.__doc__ = info.type.__doc__  # becomes the heading of the section's help
    return StructConstructorSpec(instantiate=unchecked, fields=tuple(fields))


def _shown(kind: Any) -> Any:
    """Return an optional number as a type that help shows as ``INT`` or ``FLOAT``."""
    if kind == tuple[Constraint, ...]:  # in a file of settings only: barcodes are too many for words
        return Annotated[kind, Suppress, Fixed]
    if get_origin(kind) is UnionType and NoneType in get_args(kind):
        word = "|".join(_WORDS[each] for each in get_args(kind) if each is not NoneType)
        return Annotated[kind, arg(metavar=f"{word}|None")]
    return kind
