"""Detectors: each finds entity types in one text and knows nothing of requests or policies."""
