"""Teach a model two faces."""
