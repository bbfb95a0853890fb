"""An organisation's own lists: terms that it names in YAML, and exact values that it keeps as keyed hashes."""
