"""What the commands have in common: how much they say, and where a result goes."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from tyro.conf import FlagCreatePairsOff, arg

from napari_trsmi.cli.progress import say
from napari_trsmi.errors import DataError, TrsmiError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Flag = FlagCreatePairsOff[bool]
"""A switch that is off unless named."""


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """Base of all commands: its fields are the options, its `run` does the work."""

    quiet: Annotated[Flag, arg(aliases=("-q",), help="Print nothing but errors.", help_behavior_hint="")] = False
    verbose: Annotated[Flag, arg(aliases=("-v",), help="Print details of every step.", help_behavior_hint="")] = False

    def settled(self) -> Self:
        """Return the command with the settings of the file it names; what the command line gives is put on top."""
        return self

    @abstractmethod
    def run(self) -> None:
        """Do the work.

        Raises
        ------
        TrsmiError
            The input, a setting, or the course of training cannot be used.
        """

    def tell(self, text: str) -> None:
        """Print news for a person."""
        if not self.quiet:
            say(text)

    def report(self, text: str) -> None:
        """Print an outcome."""
        if not self.quiet:
            with suppress(OSError, ValueError):  # nobody reads any more: what comes next is to be done all the same
                print(text)


@dataclass(frozen=True, kw_only=True)
class Saving(Command):
    """Base of the commands that write domains."""

    out: Annotated[
        Path, arg(aliases=("-o",), metavar="OUT", help="File to write: .h5ad, .h5mu or .zarr, a copy of the input.")
    ]
    figure: Annotated[
        Path | None,
        arg(
            metavar="FILE",
            help_behavior_hint="",
            help="Figure of the domains over the tissue: .png, .svg or .pdf; unset: OUT as .png.",
        ),
    ] = None
    force: Annotated[
        Flag, arg(help="Replace OUT and the files beside it also where they are read-only.", help_behavior_hint="")
    ] = False
    no_figure: Annotated[Flag, arg(help="Draw no figure.", help_behavior_hint="")] = False

    def check(self) -> None:
        """Raise `DataError` where the outputs cannot be written, before any time is spent."""
        from napari_trsmi.data.writers import check_output

        if self.no_figure and self.figure is not None:
            raise DataError("Expected --figure or --no-figure, found both. Leave one out.")
        check_output(self.out, self.force)
        check_figure(self.figure_path)

    def check_contents(self, dataset: Dataset) -> None:
        """Tell, before any time is spent, what of a section OUT cannot hold as it is."""
        from napari_trsmi.data.writers import check_writable

        for note in check_writable(dataset, self.out, self.force):
            self.tell(note)

    def save(self, result: Result) -> None:
        """Write the result and the figure, and print what went where.

        Raises
        ------
        DataError
            OUT cannot be written; it says where a small copy of the result is.
        """
        from napari_trsmi.figure import save

        try:
            written = result.write(self.out, force=self.force)
        except Exception as error:  # whatever it was: the training must not be lost to it
            raise DataError(_rescued(result, self.out, error)) from error
        self.report(f"{found_in(result)}\n{written}")
        if (figure := self.figure_path) is not None:
            try:
                self.report(f"Figure: {save(result, figure)}")
            except TrsmiError:
                raise
            except Exception as error:  # whatever matplotlib raises: the result is there all the same
                raise DataError(
                    f"Expected to draw {figure}, found {type(error).__name__}: {error}. The result is in {self.out}; "
                    "leave the figure out with --no-figure."
                ) from error

    @property
    def figure_path(self) -> Path | None:
        """Where the figure goes, or None."""
        return None if self.no_figure else self.figure or self.out.with_suffix(".png")


def found_in(result: Result) -> str:
    """Return how many domains there are, how they were chosen, and how well they are supported, in sentences."""
    from napari_trsmi.summary import chosen_number, mean_support, remarks, undecided

    said = [f"{result.partition.n_domains} domains over {len(result.labels):,} spots.", chosen_number(result)]
    said += [mean_support(result), undecided(result)]
    return "\n".join([" ".join(filter(None, said)), *remarks(result)])


def _rescued(result: Result, out: Path, error: Exception) -> str:
    """Write a small copy of a result that could not be written, and return what happened and where it is."""
    from napari_trsmi.data.rescue import rescue

    what = f"Expected to write {out}, found {type(error).__name__}: {error}."
    folder = rescue(result, out)
    if folder is None:
        where = "No other place takes it either: the result is lost."
    else:
        where = f"Domains, confidence, embedding and run.json are in {folder} instead."
    return f"{error if isinstance(error, TrsmiError) else what} {where}"


def check_table(path: Path | None) -> None:
    """Raise `DataError` where no table can be written at `path`: it is CSV, and called so for those who read it."""
    if path is None:
        return
    if path.suffix.lower() != ".csv":
        raise DataError(f"Expected a table ending in .csv, found {path.name}. Change the ending.")
    check_folder(path)


def check_figure(path: Path | None) -> None:
    """Raise `DataError` where no figure can be written at `path`."""
    from napari_trsmi.figure import SUFFIXES

    if path is None:
        return
    if path.suffix not in SUFFIXES:
        raise DataError(f"Expected a figure ending in {', '.join(SUFFIXES)}, found {path.name}. Change the ending.")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise `DataError` where no file can be made at `path`."""
    if not path.absolute().parent.is_dir():
        raise DataError(f"Expected the folder {path.parent}, found none. Create it or choose another.")
    if not os.access(path.absolute().parent, os.W_OK):
        raise DataError(f"Expected permission to write in {path.parent}, found none. Choose another folder.")
    if path.is_dir():
        raise DataError(f"Expected a file to replace at {path}, found a folder. Choose another name.")
