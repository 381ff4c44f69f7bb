"""The plan in `docs/` and the code say the same."""
