from tests.discord_rules.fixtures import discord_openapi, discord_world

__all__ = ["discord_openapi", "discord_world"]
