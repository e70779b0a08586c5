"""Settings and what ships with the program."""
