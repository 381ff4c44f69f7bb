"""Checks of the house's own rules, and the proof that each of them can fail."""
