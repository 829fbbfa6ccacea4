"""What was open, how it lay and what was kept, in a file that opens it again."""
