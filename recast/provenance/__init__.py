"""Consent records and content credentials."""
