"""The Trust dock: how far the domains can be believed."""
