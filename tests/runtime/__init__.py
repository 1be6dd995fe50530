"""A trading runtime for tests: its HTTP surface, its lies and its metrics file as a real one was recorded."""
