"""The decision is the permission: what ``decide`` returns is the only thing that egress accepts.

Law 1. ``Cleared`` cannot be built outside this file: its constructor wants a seal that this module never hands out.
An architecture test holds that no other module names ``_SEAL``. Python has no private fields, so egress checks again at
the last hop that bytes, host and headers are those that were cleared (``gateway/egress/guard.py``).
"""

from typing import Final, final

from gateway.model import Draft

_SEAL: Final = object()


@final
class Cleared:
    """Permission to send exactly one draft, once, to the backend it was drafted for."""

    __slots__ = ("_spent", "draft", "label", "revision", "rules")

    draft: Draft
    label: str
    rules: tuple[str, ...]
    revision: str
    _spent: bool

    def __init__(self, seal: object, draft: Draft, label: str, rules: tuple[str, ...], revision: str) -> None:
        if seal is not _SEAL:
            raise TypeError("Cleared is made by gateway.policy.decision.decide alone")
        for name, value in (
            ("draft", draft),
            ("label", label),
            ("rules", rules),
            ("revision", revision),
            ("_spent", False),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Cleared is frozen")

    def __repr__(self) -> str:
        return f"Cleared(backend={self.draft.backend.name!r}, label={self.label!r}, rules={self.rules!r})"

    def __reduce__(self) -> str:
        raise TypeError("Cleared cannot be copied or pickled: a permission is spent once")

    def spend(self) -> Draft:
        """Hand out the draft for sending, once: one inspection, one send. RuntimeError on a second call."""
        if self._spent:
            raise RuntimeError("this permission was already spent")
        object.__setattr__(self, "_spent", True)
        return self.draft
