"""The business, one room per area. No Flask, no HTTP client; a session comes in as the first argument and is never
committed here (the four owners of their commits say so in their docstrings)."""
