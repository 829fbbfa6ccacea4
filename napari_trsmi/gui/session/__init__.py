"""What one viewer works on: the open section, its results and runs, what is shown, what can be undone. No Qt."""
