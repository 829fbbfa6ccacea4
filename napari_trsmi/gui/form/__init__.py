"""Settings as a form: what a setting is called and where it stands, its editor, and `config_form.ConfigForm`."""
