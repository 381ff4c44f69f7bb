"""Shops and payment gateways."""
