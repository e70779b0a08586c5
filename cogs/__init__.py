"""Discord in, Discord out: each cog reads the options, asks the core, says the answer."""

EXTENSIONS = (
    "cogs.papers",
    "cogs.ask",
    "cogs.mentions",
    "cogs.feeds",
    "cogs.topics",
    "cogs.alerts",
    "cogs.inbox",
    "cogs.library",
    "cogs.operator",
)
"""The cogs, as discord.py loads them."""
