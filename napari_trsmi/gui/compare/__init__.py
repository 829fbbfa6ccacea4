"""The Compare dock: runs beside each other."""
