"""The unmodified bot as a process of its own, against a local Discord."""
