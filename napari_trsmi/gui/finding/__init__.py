"""What spots can be coloured by: maps, columns, features found by their names, and those that differ most."""
