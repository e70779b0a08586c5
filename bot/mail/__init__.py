"""E-mail: whose address is proved, what is sent there, and what its servers say of it."""
