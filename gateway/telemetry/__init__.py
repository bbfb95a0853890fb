"""Metrics: counts and durations, never text."""
