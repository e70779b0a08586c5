"""What Discord would say to each request that the bot makes, without asking Discord."""
