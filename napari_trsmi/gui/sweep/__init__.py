"""The sweep of settings, a part of the Trust dock."""
