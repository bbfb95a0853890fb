"""The measuring instrument: labelled texts through the real inspection and the real policy, and what became of them."""
