"""What can go wrong, by whose hands it is mended.

::

    PaperwireError
    ├── UserError            the user can mend it: shown to them as it stands
    │   └── NoSuchPaper        may carry a title from outside, to be escaped where it is shown
    ├── SettingsError        the operator can mend it: stops the start and names the setting
    ├── StoreError           the database cannot be used: says what to do
    │   └── AlreadyLocked      another process is at it: waiting helps
    ├── SourceError          a source could not be read or made no sense: the next run retries
    │   ├── SourceUnreachable  nobody answers there: its other lists are not asked in this run
    │   ├── TextsRefused       an embeddings address takes others, not these: asked for fewer, shorter
    │   └── ModelTooSlow       it did not answer in time: asked for fewer the next time
    ├── MailServerError      the operator's mail server lets nobody in: retried later
    ├── ModelError           the language model did not answer: quotes answer instead
    └── DeliveryError        Discord did not take a message: retried later
        └── DeliveryRefused  it never will as things are: held, with the reason

Everything else is a bug. It passes through, and is caught only where one unit
of work ends: one item of a job, one run of a job, one interaction.
"""

from __future__ import annotations

from datetime import timedelta


class PaperwireError(Exception):
    """What Paperwire raises on purpose; its text is one sentence for a person."""


class UserError(PaperwireError):
    """The user asked for something that cannot be; the text says what to do instead."""


class NoSuchPaper(UserError):
    """What the user typed means no paper that is known.

    Args:
        message: One sentence, ours.
        near: The title nearest to what was typed, as its source gave it: hostile.
    """

    def __init__(self, message: str, *, near: str | None = None) -> None:
        super().__init__(f"{message} Did you mean “{near}”?" if near else message)
        self.message = message
        self.near = near


class SettingsError(PaperwireError):
    """A setting is missing or makes no sense; the text names it."""


class StoreError(PaperwireError):
    """The database cannot be opened or written; the text says what to do."""


class AlreadyLocked(StoreError):
    """A lock is held by another process; it is free when that one is done, or dead."""


class SourceError(PaperwireError):
    """A source could not be read, or its answer made no sense. The next run tries again.

    Args:
        message: One sentence, without the body of the answer.
        retry_after: How long the source asked us to stay away, where it said so.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnreachable(SourceError):
    """No connection to a source could be made; asking again in seconds is of no use."""


class TextsRefused(SourceError):
    """An embeddings address makes no vectors of these texts together; fewer or shorter may do."""


class ModelTooSlow(SourceError):
    """An embeddings address did not answer in time; fewer texts may have an answer."""


class MailServerError(PaperwireError):
    """The operator's mail server cannot be reached or used; the text says why. Retried later."""


class ModelError(PaperwireError):
    """The language model could not be asked, or what it said is no answer."""


class DeliveryError(PaperwireError):
    """A message did not arrive this time; trying again later may help.

    Args:
        message: One sentence, without the message's text.
        code: Discord's JSON error code, where it gave one.
        retry_after: How long Discord asked us to wait, where it said so.
    """

    def __init__(
        self, message: str, *, code: int | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class DeliveryRefused(DeliveryError):
    """A message will not arrive as things are; trying again by a timer is of no use."""
