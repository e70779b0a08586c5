"""The core, and the shell that starts it."""

__version__ = "0.1.0"
