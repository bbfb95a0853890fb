"""The side that faces model servers: drafts, the guard, one reader per wire format.

Only this package opens connections.
"""
