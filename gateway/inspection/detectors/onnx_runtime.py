"""The one place that imports onnxruntime, because its official builds report home.

Since 1.32 they start an uploader as they are imported: it writes a device id into the user's cache folder and sends
events to mobile.events.data.microsoft.com. ``disable_telemetry_events`` comes too late for that. The variable below,
set before the import, keeps the uploader from being made at all (onnxruntime's Privacy.md, "Disabling Telemetry").
"""

import os
from typing import Any


def onnxruntime() -> Any:
    """The module, imported with its telemetry off for the life of the process. ``Any``: it has no types."""
    os.putenv("ORT_DISABLE_TELEMETRY", "1")  # for the C library; Python's own view of the environment stays as it is
    import onnxruntime as module  # noqa: PLC0415 - must come after the line above

    return module
