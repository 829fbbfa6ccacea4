"""Colours of the theme that text is written in."""

from __future__ import annotations

DARK_WARNING = "#8a5a00"  # the theme's yellow cannot be read on light grey


def warning_color(name: str) -> str:
    """Return the ``"#rrggbb"`` of warnings in the theme of that name."""
    from napari.utils.theme import get_theme

    theme = get_theme(name)
    return str(theme.warning.as_hex()) if theme.type == "dark" else DARK_WARNING
