"""Colours of the theme that text is written in."""

from __future__ import annotations

HINTS = 0.75  # opacity of hints in empty fields: with Qt's 0.5 they cannot be read on light ground
DARK_WARNING = "#8a5a00"  # the theme's yellow cannot be read on light grey


def warning_color(name: str) -> str:
    """Return the ``"#rrggbb"`` of warnings in the theme of that name."""
    from napari.utils.theme import get_theme

    theme = get_theme(name)
    return str(theme.warning.as_hex()) if theme.type == "dark" else DARK_WARNING


def hint_style(name: str) -> str:
    """Return the style sheet of hints in empty fields in the theme of that name."""
    from napari.utils.theme import get_theme

    red, green, blue = get_theme(name).text.as_rgb_tuple(alpha=False)
    hint = f"rgba({red}, {green}, {blue}, {round(255 * HINTS)})"
    return f"QLineEdit, QPlainTextEdit {{ placeholder-text-color: {hint} }}"
