"""Doors for other people's programs. The order is the same for all: size, secret, store the raw body, 2xx."""
