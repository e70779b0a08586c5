"""What the disk under a folder has, when writing there fails: libraries do not always tell."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

READ_ONLY = (
    "The disk that holds the database has become read-only, as the system makes a damaged one."
    " Mend it (the system's log says what is wrong), then start Paperwire again; it sends what is"
    " owed then, once."
)
FULL = "The database cannot grow, the disk is full; free some space."
FAILING = "The database cannot be read or written, the disk answers with errors."
_SENTENCES = {
    errno.EROFS: READ_ONLY,
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EIO: FAILING,
    errno.EFBIG: FAILING,
}


def trouble(folder: Path) -> str | None:
    """Return why nothing can be written in a folder, by writing there; None where that is not it.

    Waits for the disk.
    """
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            left = memoryview(bytes(4096))
            while left:  # a disk that takes some of it says so, and fails at the rest
                left = left[file.write(left) :]
    except OSError as error:
        return sentence(error)
    return None


def sentence(error: OSError) -> str | None:
    """Return what an error of the system says of the disk; None where it says nothing of it."""
    return _SENTENCES.get(error.errno or 0)
