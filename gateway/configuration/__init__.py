"""The parts of reading gateway.yaml: its shape, the environment laid over it, what must hold across it, its secrets."""
