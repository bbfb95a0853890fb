"""A gateway that keeps sensitive prompts on models the organisation hosts. Start at :mod:`gateway.pipeline`."""

__version__ = "0.1.0"
