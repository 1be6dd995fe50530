"""Procedures: one file, one flow function, one deployment and one command of the same name."""
