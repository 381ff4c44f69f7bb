"""The instances room, spoken to through the sandbox's Mega API."""
