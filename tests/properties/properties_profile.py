"""How many examples the properties of this folder try: ``PROPERTY_EXAMPLES``, 150 unless said otherwise."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "properties",
    # One scanner answers every example, and remembers texts, not examples; its speed is not the subject here.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
    # The same examples in every ordinary run, so that a red run is somebody's change; new ones when asked for more.
    derandomize="PROPERTY_EXAMPLES" not in os.environ,
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "150")),
)
PROPERTIES = settings.get_profile("properties")
