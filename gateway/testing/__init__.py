"""Stand-ins for model servers: real HTTP servers on loopback that record every byte they receive.

``gateway demo`` shows with them what reached each side, and the tests of the whole tree use them as upstreams. They
speak OpenAI Chat Completions and Anthropic Messages (whole and streamed), judge each request by the vendor's own SDK
types, and can be told to fail in the ways real servers fail.

    with RecordingServer("external") as external:
        ...  # point a backend at external.openai_base_url or external.anthropic_base_url
        assert not external.saw("4111 1111 1111 1111")
"""

from gateway.testing.behaviour import (
    Behaviour,
    Break,
    Cut,
    Delay,
    Echo,
    ErrorEvent,
    Fail,
    Garbage,
    Pace,
    Redirect,
    Say,
    Stall,
)
from gateway.testing.received import Received
from gateway.testing.server import RecordingServer

__all__ = [
    "Behaviour",
    "Break",
    "Cut",
    "Delay",
    "Echo",
    "ErrorEvent",
    "Fail",
    "Garbage",
    "Pace",
    "Received",
    "RecordingServer",
    "Redirect",
    "Say",
    "Stall",
]
