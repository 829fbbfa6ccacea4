"""The Python script that repeats a result: read, settings, fit, edits, write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_trsmi.config import Cluster, Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.recorded import check_record
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.settings import Settings

SUPPORT = "result = drain(supported(result))"


def as_python(source: Result | tuple[Dataset, Config], output: str | Path | None = None) -> str:
    """Return a script that makes `source` again and writes it: run on the same files it gives the same labels.

    Only settings that differ from their defaults are spelled out.

    Parameters
    ----------
    source
        A result with its edits, or what a run would start from.
    output
        File the script writes; by default ``<name>_trsmi.h5mu`` in the folder it is run in.

    Raises
    ------
    DataError
        The section was not read from a file, or the record of the run says something that no run of ours says.
    """
    result = source if isinstance(source, Result) else None
    dataset, config = source if isinstance(source, tuple) else (source.dataset, source.config)
    provenance = {} if result is None else result.provenance
    check_record(provenance, dataset.name)  # what it says becomes code
    if "trained_cluster" in provenance:  # the domains were cut again later, which is among the edits
        config = config.model_copy(update={"cluster": Cluster(**provenance["trained_cluster"])})
    edits = [_edit(**entry) for entry in provenance.get("edits", ())]
    if (at := _support_after(result)) is not None:
        edits.insert(at, SUPPORT)
    if "reclustered_with" in provenance:
        cluster = _call("Cluster", provenance["reclustered_with"])
        made = [f"result = nt.recluster({provenance['reclustered_from']!r}, {cluster})"]
    else:
        read, settings = _read(dataset, provenance), _call("nt.Config", _changed(config))
        made = [f"dataset = {read}", f"config = {settings}", *_fit(result)]
        if "transferred" in provenance:
            made = [f"dataset = {read}", _transfer(provenance["transferred"])]
    lines = [*made, *edits]
    needed = {
        "from napari_trsmi import edits": any(line.startswith("result = edits.") for line in lines),
        "from napari_trsmi.evidence import supported": SUPPORT in lines,
        "from napari_trsmi.previews import keep_preview": "kept_preview" in provenance,
        "from napari_trsmi.config import Cluster": "reclustered_with" in provenance,
        "from napari_trsmi.records import Checkpoints": "kept_preview" in provenance,
        "from napari_trsmi.records import drain": any(line.startswith("result = drain(") for line in lines),
    }
    name = dataset.name.replace(" + ", "_").replace("/", "_")
    head = ["import napari_trsmi as nt", *(line for line, is_needed in needed.items() if is_needed), ""]
    return "\n".join([*head, *lines, f"print(result.write({str(output or f'{name}_trsmi.h5mu')!r}))"]) + "\n"


def _read(dataset: Dataset, provenance: dict[str, Any]) -> str:
    """Return the call that reads the section or the study, from the files that the run was made on."""
    from napari_trsmi.data.sample import sample_path

    if dataset.parts:
        return _read_sections(dataset, provenance)
    paths = [str(entry["path"]) for entry in provenance.get("sources", ())]
    paths = paths or [str(Path(path).absolute()) for path in dataset.sources]
    if not paths:
        raise DataError("Expected a section that was read from a file, found one in memory. Write it to a file first.")
    if paths == [str(Path(sample_path()).absolute())]:
        first = "nt.sample_path()"
    else:
        first = repr(paths[0] if len(paths) == 1 else paths)
    given: dict[str, Any] = {
        "kinds": {name: modality.kind for name, modality in dataset.modalities.items()},
        "modalities": list(dataset.modalities),
    }
    if dataset.library is not None:
        given["library"] = dataset.library
    if dataset.dropped:
        given["spots"] = "common"
    return _call("nt.read", given, first)


def _read_sections(study: Dataset, provenance: dict[str, Any]) -> str:
    """Return the call that reads the sections of a study."""
    from napari_trsmi.data.provenance import describe_sections

    read = describe_sections(study, provenance)
    given: dict[str, Any] = {"kinds": {name: modality.kind for name, modality in study.modalities.items()}}
    if any(part.dropped for part in study.parts):
        given["spots"] = "common"
    sections = {}
    for section in read["sections"]:
        paths = list(map(str, section["paths"]))
        if not paths:
            raise DataError(
                f"Expected sections that were read from files, found {section['name']!r} in memory. Write it to a file "
                "first."
            )
        sections[str(section["name"])] = (repr(paths[0] if len(paths) == 1 else paths), section.get("library"))
    files = list(dict.fromkeys(first for first, _ in sections.values()))
    if len(files) == 1:
        column = read["section_column"]
        return _call("nt.read_sections", given if column is None else {"column": str(column), **given}, files[0])
    said = ", ".join(
        f"{name!r}: {first if library is None else f'nt.read({first}, library={library!r})'}"
        for name, (first, library) in sections.items()
    )
    return _call("nt.read_sections", given, f"{{{said}}}")


def _support_after(result: Result | None) -> int | None:
    """Return the number of edits after which the support is found; None where there is none, or `fit` finds it.

    Reviews name boundaries by their rank, which is another with support.
    """
    if result is None or result.cuts is None:
        return None
    provenance = result.provenance
    again = [at for at, entry in enumerate(provenance.get("edits", ()), start=1) if entry["edit"] == "recluster"]
    by_steps = "reclustered_with" in provenance or "kept_preview" in provenance or bool(provenance.get("stopped"))
    return again[-1] if again else 0 if by_steps else None


def _fit(result: Result | None) -> list[str]:
    """Return the lines that train: up to the preview that was kept, or the epoch at which a person ended the run."""
    if result is not None and "kept_preview" in result.provenance:
        resumed = result.provenance.get("resumed_at")  # previews go on from those before, which that run did not have
        doubt = f"# That run went on from epoch {resumed}: this one may find other previews where domains are unsure."
        return [
            "",
            *([doubt] if resumed else []),
            "states, course = Checkpoints(), []",
            "for step in nt.fit_steps(dataset, config, states=states):",
            "    course.append(step)",
            f"    if step.epoch == {result.provenance['kept_preview']}:  # the preview that was kept",
            "        break",
            "result = keep_preview(dataset, config, step, history=course, states=states)",
            "",
        ]
    if result is None or not result.provenance.get("stopped") or not result.history:
        again = result is not None and "trained_cluster" in result.provenance  # which drops the support before it
        without = result is not None and result.cuts is None and result.config.evidence.support and not again
        return ["result = drain(nt.fit_steps(dataset, config))" if without else "result = nt.fit(dataset, config)"]
    return [
        "",
        f"steps = nt.fit_steps(dataset, config)  # finished early, after epoch {result.history[-1].epoch}",
        "try:",
        f"    while next(steps).epoch < {result.history[-1].epoch}:",
        "        pass",
        '    steps.send("stop")',
        "except StopIteration as end:",
        "    result = end.value",
        "",
    ]


def _transfer(told: dict[str, Any]) -> str:
    """Return the line that takes over the domains of a study on file."""
    if not told.get("study"):
        raise DataError(
            f"Expected domains of a result on file, found those of {' + '.join(told.get('from', ()))}, which was not "
            "saved then. Save it, and take over its domains from the file."
        )
    return f"result = nt.transfer({told['study']!r}, dataset)"


def _edit(edit: str, **details: Any) -> str:
    arguments = ", ".join(repr(value) for value in details.values())
    return f"result = edits.{edit}(result, {arguments})"


def _changed(section: Settings) -> dict[str, Any]:
    """Return the settings that differ from the defaults of their section, by name."""
    default, found = type(section).model_construct(), {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if value != getattr(default, name):
            found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    """Return settings as what a call takes: of a section, only what differs from its defaults."""
    if isinstance(value, Settings):
        return _changed(value)
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    return value


def _call(name: str, given: dict[str, Any], first: str = "") -> str:
    """Return a call in Python, over several lines where it is long."""
    parts = [first] * bool(first) + [f"{key}={value!r}" for key, value in given.items()]
    line = f"{name}({', '.join(parts)})"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"
