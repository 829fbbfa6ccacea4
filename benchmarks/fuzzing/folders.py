"""Changes to folders: Space Ranger's output, zarr stores of AnnData and MuData, SpatialData."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from fuzzing.cases import Case, NotMade, chosen
from fuzzing.damage import damage
from fuzzing.documents import hostile, text
from fuzzing.originals import copied


def space_ranger(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a Space Ranger folder with files lost, renamed, packed, or told otherwise."""
    name = str(chosen(rng, ["ranger_h5", "ranger_mtx"]))
    case = Case([copied(originals / name, folder)])
    for _ in range(int(rng.integers(1, 3))):
        change = chosen(rng, [_file_moved, _file_packed, _positions, _positions, _factors, _lines, _nested, _content])
        try:
            case.changes.append(change(case, rng))
        except (OSError, KeyError, ValueError, IndexError) as error:
            raise NotMade(str(error)) from error
    return case


def _file_moved(case: Case, rng: np.random.Generator) -> str:
    """Lose a file, put a prefix before it, or a folder in its place."""
    file = chosen(rng, _files(case.paths[0]))
    how = str(chosen(rng, ["lost", "prefix", "folder", "link", "upper"]))
    if how == "prefix":
        file.rename(file.with_name(f"GSM1234_{file.name}"))
    elif how == "upper":
        file.rename(file.with_name(file.name.upper()))
    else:
        file.unlink()
        if how == "folder":
            file.mkdir()
        elif how == "link":
            file.symlink_to(chosen(rng, ["nowhere", file.name, "/dev/null"]))
    return f"{file.name}: {how}"


def _file_packed(case: Case, rng: np.random.Generator) -> str:
    """Pack or unpack a file, or only say so in its name."""
    file = chosen(rng, _files(case.paths[0]))
    content = file.read_bytes()
    target = file.with_suffix("") if file.suffix == ".gz" else file.with_name(f"{file.name}.gz")
    honest = rng.random() < 0.8
    if honest:
        content = gzip.decompress(content) if file.suffix == ".gz" else gzip.compress(content)
    target.write_bytes(content)
    if rng.random() < 0.8:
        file.unlink()
    return f"{target.name}: {'packed' if honest else 'named'} otherwise"


def _positions(case: Case, rng: np.random.Generator) -> str:
    """Tell positions in another form, for other barcodes, or wrongly."""
    path = next(iter(case.paths[0].rglob("tissue_positions.csv")))
    table = pd.read_csv(path, index_col=0)
    how = int(rng.integers(11))
    if how == 0:
        table.to_csv(path.with_name("tissue_positions_list.csv"), header=False)
        path.unlink()
        return "list without header"
    if how == 1:
        table = table.iloc[rng.permutation(len(table))[: int(chosen(rng, [0, 1, 100, 144]))]]
    elif how == 2:
        table.index = [f"{b}{chosen(rng, ['', '-1'])}" for b in table.index]
    elif how == 3:
        table["in_tissue"] = rng.choice([0, 1], len(table))
    elif how == 4:
        table["in_tissue"] = rng.choice([chosen(rng, ["TRUE", "true", "T", "yes", ""]), "FALSE"], len(table))
    elif how == 5:
        column = str(chosen(rng, list(table.columns)))
        values = table[column].astype(object)
        values[rng.random(len(table)) < 0.1] = chosen(rng, ["", "x", np.nan, -1e30, "1e999", "1,5"])
        table[column] = values
        case.coords = case.coords and column in ("array_row", "array_col", "in_tissue")
    elif how == 6:
        del table[str(chosen(rng, list(table.columns)))]
    elif how == 7:
        table = table[[*rng.permutation(table.columns)]]
    elif how == 8:
        table = pd.concat([table, table.iloc[:5]])
    elif how == 9:
        table.insert(2, "extra", "x")
    else:
        table.to_parquet(path.with_suffix(".parquet"))
        path.unlink()
        return "parquet without barcodes"
    table.to_csv(path, index_label=table.index.name or "barcode", sep=str(chosen(rng, [",", ",", ",", "\t", ";"])))
    return f"positions {how}"


def _factors(case: Case, rng: np.random.Generator) -> str:
    """Tell odd scale factors."""
    path = next(iter(case.paths[0].rglob("scalefactors_json.json")))
    document, what = hostile(json.loads(path.read_text(encoding="utf-8")), rng)
    path.write_text(text(document, rng), encoding="utf-8")
    return f"scale factors {what}"


def _lines(case: Case, rng: np.random.Generator) -> str:
    """Lose, repeat or add lines of a text file."""
    texts = [file for file in _files(case.paths[0]) if file.suffix in (".csv", ".gz", ".json", ".tsv", ".mtx")]
    file = chosen(rng, texts)
    content = file.read_bytes()
    unpacked = gzip.decompress(content) if file.suffix == ".gz" else content
    lines = unpacked.split(b"\n")
    at = int(rng.integers(len(lines)))
    how = str(chosen(rng, ["lost", "repeat", "odd", "bom", "crlf", "long"]))
    if how == "lost":
        del lines[at]
    elif how == "repeat":
        lines.insert(at, lines[at])
    elif how == "odd":
        lines[at] = bytes(chosen(rng, [b"\xff\xfe\x00", b"1 1", b"a\tb\tc\td", b'"', b"-1 -1 -1", b"9999999 1 1"]))
    elif how == "bom":
        lines[0] = b"\xef\xbb\xbf" + lines[0]
    elif how == "crlf":
        lines = [line + b"\r" for line in lines]
    else:
        lines[at] = lines[at] * 1000
    if how not in ("crlf", "bom"):  # another line may make another table, which nobody can tell
        case.values = case.coords = False
    made = b"\n".join(lines)
    file.write_bytes(gzip.compress(made) if file.suffix == ".gz" else made)
    return f"{file.name}: line {at} {how}"


def _nested(case: Case, rng: np.random.Generator) -> str:
    """Put the folder into another one, or name another part of it."""
    path = case.paths[0]
    how = str(chosen(rng, ["outs", "binned_outputs", "parent", "matrix", "spatial"]))
    if how in ("outs", "binned_outputs"):
        inner = path.with_name("run") / how / ("square_008um" if how == "binned_outputs" else "")
        inner.parent.mkdir(parents=True, exist_ok=True)
        path.rename(inner)
        case.paths = [chosen(rng, [path.with_name("run"), inner, path.with_name("run") / how])]
    elif how == "parent":
        inner = path.parent / "project" / path.name
        inner.parent.mkdir()
        path.rename(inner)
        case.paths = [inner.parent]
    else:
        case.paths = [chosen(rng, [p for p in path.iterdir() if p.is_dir() == (how == "spatial")] or [path])]
    return f"opened by {how}"


def _content(case: Case, rng: np.random.Generator) -> str:
    """Damage the bytes of a file."""
    case.values = case.coords = False
    file = chosen(rng, _files(case.paths[0]))
    return f"{file.name}: {damage(file, rng)}"


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file())


def zarr_store(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return a zarr store of AnnData, MuData or SpatialData with metadata or parts changed."""
    there = ["joined.zarr", "rna.zarr", "result.zarr", "spatial.zarr", "spatial.zarr"]
    name = str(chosen(rng, [name for name in there if (originals / name).exists()]))
    case = Case([copied(originals / name, folder)], values=False, coords=False)
    case.opens = "result" if name == "result.zarr" else "section"
    store = case.paths[0]
    for _ in range(int(rng.integers(1, 3))):
        files = _files(store)
        how = str(
            chosen(rng, ["metadata", "metadata", "metadata", "chunk", "lost", "folder lost", "kept apart", "zipped"])
        )
        texts = [file for file in files if file.name in ("zarr.json", ".zattrs", ".zarray", ".zgroup", ".zmetadata")]
        deep = texts if rng.random() < 0.6 else [file for file in texts if len(file.relative_to(store).parts) < 4]
        target = chosen(rng, files)
        try:
            if how == "metadata":
                target = chosen(rng, deep or texts)
                document, what = hostile(json.loads(target.read_text(encoding="utf-8")), rng)
                target.write_text(text(document, rng), encoding="utf-8")
                how = f"metadata {what}"
            elif how == "chunk":
                target = chosen(rng, [file for file in files if file not in texts])
                how = damage(target, rng)
            elif how == "folder lost":
                target = chosen(rng, [p for p in store.rglob("*") if p.is_dir()])
                shutil.rmtree(target)
            elif how == "kept apart":  # the consolidated metadata alone tells of it then
                target = chosen(rng, [file for file in texts if file.parent != store])
                target.unlink()
            elif how == "zipped" and case.paths == [store]:
                case.paths = [Path(shutil.make_archive(str(store), "zip", store))]
            else:
                target.unlink()
        except (OSError, IndexError, ValueError, KeyError) as error:
            raise NotMade(str(error)) from error
        case.changes.append(f"{target.relative_to(folder)}: {how}")
    return case


def spatial_data(rng: np.random.Generator, originals: Path, folder: Path) -> Case:
    """Return SpatialData whose tables, regions and shapes were changed by a program."""
    import spatialdata

    source = originals / "spatial.zarr"
    if not source.exists():
        raise NotMade("spatialdata is not installed")
    case = Case()
    store = spatialdata.read_zarr(source)
    table = store.tables["table"].copy()
    at = dict(table.uns["spatialdata_attrs"])
    how = int(rng.integers(12))
    try:
        if how == 0:
            table = table[rng.permutation(table.n_obs)[: int(chosen(rng, [1, 40, 144]))]].copy()
        elif how == 1:
            table.obs_names = [f"cell{i % 50}" for i in range(table.n_obs)]
        elif how == 2:
            table.obs["instance"] = table.obs["instance"].astype(str)
        elif how == 3:
            table.obs["instance"] = table.obs["instance"] + int(chosen(rng, [-1, 1, 1000]))
            case.coords = False
        elif how == 4:
            table.obs["region"] = pd.Categorical(np.where(np.arange(144) % 2, "spots", "others"))
        elif how == 5:
            table.uns["spatialdata_attrs"] = at | {
                str(chosen(rng, list(at))): str(chosen(rng, ["nowhere", "", "quality"]))
            }
        elif how == 6:
            del table.uns["spatialdata_attrs"]
        elif how == 7:
            store.shapes["spots"] = store.shapes["spots"].iloc[rng.permutation(144)[: int(chosen(rng, [1, 70, 144]))]]
        elif how == 8:
            del store[str(chosen(rng, ["spots", "picture"]))]
        elif how == 9:
            store.tables["again"] = table.copy()
        elif how == 10:
            table.obs.index = table.obs.index.astype("string")
        else:
            table.obs["instance"] = table.obs["instance"].iloc[0]
            case.coords = False
        if "table" in store.tables:
            del store.tables["table"]
        store.tables["table"] = table
        case.paths = [folder / "changed.zarr"]
        store.write(case.paths[0])
    except Exception as error:
        raise NotMade(str(error)) from error
    case.changes.append("rows_taken" if how == 0 else f"change {how}")
    return case
