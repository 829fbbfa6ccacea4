"""What a kill or a full disk leaves of a result that is being written: the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuzzing import judge
from fuzzing.cases import chosen

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

KILL_OUTCOMES = ("ended before", "old", "new", "parts told", "parts not told", "broken", "left behind")
KILL_BAD = ("parts not told", "broken", "left behind")
DISK_OUTCOMES = ("written", "refused", "traceback", "crash", "hang", "broken", "left behind")
DISK_BAD = DISK_OUTCOMES[2:]
_OLD, _NEW = "older", "newer"
_SUFFIXES = (".h5ad", ".h5mu", ".zarr")

Tell = Callable[[dict[str, Any]], None]


def killed(number: int, seed: int, originals: Path, folder: Path, tell: Tell) -> None:
    """Kill a writer at a random moment and tell what is there afterwards, and after the next write."""
    rng = np.random.default_rng([seed, number])
    suffix = str(chosen(rng, _SUFFIXES))
    target = _ready(folder, originals, suffix, replaced=bool(rng.random() < 0.8))
    started, says = os.pipe()
    pid = os.fork()
    if not pid:
        _write_until_killed(originals, suffix, target, says)
    os.close(says)
    with os.fdopen(started, encoding="ascii") as pipe:
        took = float(pipe.readline())
        before = _identities(target)
        pipe.readline()
        if rng.random() < 0.5:
            time.sleep(float(rng.uniform(0, 1.3 * took)))
        else:  # the few moments in which one part is replaced after another
            end = time.perf_counter() + 3 * took + 1
            while _identities(target) == before and time.perf_counter() < end:
                pass
            time.sleep(float(rng.choice([0.0, 0.0, 1e-4, 1e-3])))
        os.kill(pid, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    tell({"made": [str(target)], "changes": [f"{suffix} killed" if not ended else f"{suffix} written"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome, detail = _found(target)
            newest(originals, suffix, _NEW).write(target)
            _demand_tidy(target, _NEW)
        except AssertionError as wrong:
            outcome, detail = "left behind", str(wrong)
        except Exception as error:
            outcome, detail = "broken", f"{error} | {traceback.format_exc().strip().splitlines()[-3]}"
    tell({"outcome": "ended before" if ended and outcome == "new" else outcome, "detail": detail})


def filled(number: int, seed: int, originals: Path, folder: Path, tell: Tell) -> None:
    """Write onto a disk that is, or soon will be, full and tell what is there afterwards, and once there is room."""
    rng = np.random.default_rng([seed, number])
    suffix = str(chosen(rng, _SUFFIXES))
    disk = folder / "disk"
    disk.mkdir(parents=True)
    needed = sum(file.stat().st_size for file in originals.glob(f"result{suffix}/**/*")) if suffix == ".zarr" else 0
    needed = needed or (originals / f"result{suffix}").stat().st_size
    mounted = _mount(disk, 64 * 2**20)
    try:
        target = _ready(disk, originals, suffix, replaced=bool(rng.random() < 0.7))
        room = int(rng.uniform(0, 1.5) * needed)
        result = newest(originals, suffix, _NEW)
        tell(
            {
                "made": [str(target)],
                "changes": [f"{suffix}, room for {room} of {needed}", "disk" if mounted else "limit"],
            }
        )
        ballast = _fill(disk, room) if mounted else None
        if not mounted:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        outcome, detail = _written(result, target)
        if ballast is None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        else:
            ballast.unlink()
        if outcome in ("written", "refused"):
            try:
                if outcome == "refused" and target.exists():
                    found, said = _found(target)
                    if found != "old":
                        outcome, detail = "broken", f"{found}: {said}"
                newest(originals, suffix, _NEW).write(target)
                _demand_tidy(target, _NEW)
            except AssertionError as wrong:
                outcome, detail = "left behind", str(wrong)
            except Exception as error:
                outcome, detail = "broken", str(error)
        tell({"outcome": outcome, "detail": detail})
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=False)


def newest(originals: Path, suffix: str, name: str) -> Result:
    """Return the result of the originals with a domain of this name."""
    import napari_trsmi as nt
    from napari_trsmi import edits

    return edits.rename(nt.restore(originals / f"result{suffix}"), 0, name)


def _ready(folder: Path, originals: Path, suffix: str, replaced: bool) -> Path:
    """Return where a result goes, which holds an older one or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"domains{suffix}"
    if replaced:
        pid = os.fork()  # this process stays without threads, so that it can be forked again
        if not pid:
            status = 1
            with contextlib.suppress(BaseException), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                newest(originals, suffix, _OLD).write(target)
                status = 0
            os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0, "the older result could not be written"
    return target


def _write_until_killed(originals: Path, suffix: str, target: Path, says: int) -> None:
    """Write once elsewhere, say how long it took, say that it starts, and write; never returns."""
    status = 1
    with contextlib.suppress(BaseException), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = newest(originals, suffix, _NEW)
        rehearsal = target.with_name("rehearsal")
        rehearsal.mkdir()
        before = time.perf_counter()
        result.write(rehearsal / target.name)
        took = time.perf_counter() - before
        shutil.rmtree(rehearsal)
        os.write(says, f"{took}\nnow\n".encode("ascii"))
        result.write(target)
        status = 0
    os._exit(status)


def _identities(target: Path) -> list[int]:
    """Return what tells a replaced file from the one before."""
    return [path.stat().st_ino if path.exists() else 0 for path in (target, target.with_suffix(".run.json"))]


def _found(target: Path) -> tuple[str, str]:
    """Return whether the older or the newer result is there, and whether all parts of it are told right."""
    import napari_trsmi as nt

    if not target.exists():
        with contextlib.suppress(nt.DataError):
            nt.read_result(target)
            return "broken", "a result was read where there is none"
        return ("old", "nothing") if not target.exists() else ("broken", "it came back")
    result = nt.read_result(target)
    judge.saved(result, None)
    nt.read(target)
    name = next((name for name in (_OLD, _NEW) if name in result.names), None)
    if name is None:
        return "broken", f"the names {result.names}"
    differing = [part.name for part in _parts(target) if _name_in(part) not in (name, None)]
    if not differing:
        return ("old" if name == _OLD else "new"), ""
    said = " ".join(getattr(result, "notes", ()))
    untold = [part for part in differing if part not in said]
    return ("parts told" if not untold else "parts not told"), f"{name}, but not {differing}; said: {said}"


def _parts(target: Path) -> list[Path]:
    """Return what lies beside a table and belongs to it."""
    return [part for end in ("run.json", "domains.csv") if (part := target.with_suffix(f".{end}")).exists()]


def _name_in(part: Path) -> str | None:
    """Return which of the two results a part tells of."""
    text = part.read_text(encoding="utf-8")
    return _NEW if _NEW in text else _OLD if _OLD in text else None


def _demand_tidy(target: Path, name: str) -> None:
    """Demand that after a write all parts are of it and nothing is left of writers that died."""
    found, said = _found(target)
    assert found == {_OLD: "old", _NEW: "new"}[name], f"after another write: {found} {said}"
    beside = [path.name for path in target.parent.iterdir()]
    left = [name for name in beside if ".partial" in name or ".previous" in name or name.startswith(".")]
    assert not left, f"left behind: {left}"


def _written(result: Result, target: Path) -> tuple[str, str]:
    """Write and return the outcome."""
    import napari_trsmi as nt

    try:
        result.write(target)
    except nt.TrsmiError as error:
        fault = judge.sentence(error)
        return ("refused", str(error)) if fault is None else ("traceback", fault)
    except BaseException as error:
        return "traceback", f"{type(error).__name__}: {error}"
    return "written", ""


def _mount(folder: Path, size: int) -> bool:
    """Mount a small disk; False where that is not permitted."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _fill(disk: Path, room: int) -> Path:
    """Fill a disk up to some room and return the file that does it."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("wb") as file:
        for _ in range(max(free - room, 0) // 65536):
            file.write(bytes(65536))
    return ballast
