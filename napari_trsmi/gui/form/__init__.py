"""The form of the settings: `ConfigForm` edits a `Config`."""

from napari_trsmi.gui.form.config_form import ConfigForm

__all__ = ["ConfigForm"]
