"""The registry on the command line: one file a noun, imported when its command is used (`glc.cli`)."""
