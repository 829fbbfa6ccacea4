"""Write docs/parameters.md, the list of all settings, from the models: ``python docs/parameters.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from napari_trsmi.config import Config
from napari_trsmi.settings import Schedule

TARGET = Path(__file__).with_suffix(".md")
HEAD = """# Every setting

Made by `python docs/parameters.py` from `napari_trsmi/config.py`. The form in the window, `trsmi fit --help`,
`run.json` and `nt.Config` all hold these settings under these names. One default configuration serves all kinds of
data: begin with it, and change the number of domains first.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    own = []
    for name, info in Config.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            title = (info.annotation.__doc__ or name).strip().splitlines()[0].rstrip(".")
            parts.append(f"## `{name}`: {title}\n\n" + _table(_rows(info.annotation, f"{name}.")))
        elif name == "constraints":
            own.append(_line(name, "none", "made on the canvas or with `teach`", info.json_schema_extra))
        else:
            own.append(_row(name, info))
    parts.append("## The run\n\n" + _table(own))
    return "\n".join(parts)


def _rows(section: type[BaseModel], prefix: str) -> list[str]:
    rows = []
    for name, info in section.model_fields.items():
        if info.annotation is Schedule:
            default = info.get_default(call_default_factory=True)
            extra: Any = info.json_schema_extra
            shape = "" if default.shape == "constant" else f", {default.shape}"
            rows.append(
                _line(f"{prefix}{name}", f"{default.start:g} to {default.end:g}{shape}", "start, end, shape", extra)
            )
        else:
            rows.append(_row(f"{prefix}{name}", info))
    return rows


def _row(name: str, info: Any) -> str:
    bounds = []
    for bound in info.metadata:
        for kind, sign in (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<")):
            if (limit := getattr(bound, kind, None)) is not None:
                bounds.append(f"{sign} {limit:g}")
    allowed = " ".join(bounds)
    choices = getattr(info.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        allowed = ", ".join(choices)
    default = "all" if name == "preprocess.modalities" else _text(info.get_default(call_default_factory=True))
    return _line(name, default, allowed, info.json_schema_extra)


def _text(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == ():
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"({', '.join(map(str, pair))})" for pair in value)
    if isinstance(value, dict):
        return "none" if not value else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _line(name: str, default: str, allowed: str, extra: dict[str, Any]) -> str:
    symbol = f" Symbol: {extra['symbol']}." if extra["symbol"] else ""
    unit = f" ({extra['unit']})" if extra["unit"] else ""
    return f"| `{name}` | {default} | {allowed} | {extra['help']}{unit}{symbol} |"


def _table(rows: list[str]) -> str:
    return "\n".join(["| setting | default | allowed | meaning |", "|---|---|---|---|", *rows, ""])


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
