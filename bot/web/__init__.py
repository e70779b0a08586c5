"""The bot's own small web server."""
