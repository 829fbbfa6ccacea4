"""What every setting is made of: its base, its field with meaning and unit, and a value that moves over the run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Shape = Literal["cosine", "linear", "exponential", "step", "constant"]


def setting(
    default: Any, help: str, *, unit: str = "", symbol: str = "", step: float | None = None, **bounds: Any
) -> Any:
    """Field with its meaning, unit, paper symbol and spin-box step; `bounds` are pydantic's gt, ge, lt, le."""
    text = help + (f" [{unit}]" if unit else "") + (f" ({symbol})" if symbol else "")
    extra: dict[str, Any] = {"unit": unit, "symbol": symbol, "step": step, "help": help}
    if callable(default):
        return Field(default_factory=default, description=text, json_schema_extra=extra, **bounds)
    return Field(default, description=text, json_schema_extra=extra, **bounds)


class Settings(BaseModel):
    """Base of all settings: frozen and finite, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Schedule(Settings):
    """A value that moves from `start` to `end` over the run."""

    start: float = setting(1.0, "Value at the first epoch.", gt=0, step=0.01)
    end: float = setting(1.0, "Value at the last epoch.", gt=0, step=0.01)
    shape: Shape = setting("constant", "How the value moves from start to end.")
