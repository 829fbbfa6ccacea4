"""Controls of a session that several docks show: of its run, of undo, and what went wrong."""
