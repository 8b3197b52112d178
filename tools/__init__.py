"""Offline tools: never imported by `controller`."""
