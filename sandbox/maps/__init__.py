"""Apify and its Google Maps actor: pretend searches over pretend places."""
