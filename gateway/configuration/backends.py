"""From the settings ``backends`` to the backends that requests are sent to, and the names that clients may ask for."""

from collections.abc import Callable
from dataclasses import replace

from gateway.configuration.backend_shape import BackendSettings
from gateway.configuration.shape import Settings
from gateway.errors import ConfigError, Problem
from gateway.model import Backend, Capabilities, Timeouts


def to_backends(
    settings: Settings, prove: Callable[[str, frozenset[str]], object] | None = None
) -> tuple[Backend, ...]:
    """The backends, in the file's order. None is ``local`` until ``prove(base_url, local_hosts)`` returned for it.

    ``prove`` raises ConfigError for a place that it cannot prove to be inside the organisation (``egress.locality``).
    Raises ConfigError for plain http to such a place: prompts and keys would travel in clear.
    """
    backends = tuple(_backend(one, prove) for one in settings.backends)
    clear = [one.name for one in backends if prove and not one.local and one.base_url.startswith("http://")]
    if clear:
        remedy = "Use https, or list the host under local_hosts if the network between is yours."
        raise ConfigError(
            tuple(Problem(f"backends[{name}].base_url is http to an outside host", remedy) for name in clear)
        )
    return backends


def _backend(one: BackendSettings, prove: Callable[[str, frozenset[str]], object] | None) -> Backend:
    backend = Backend(
        name=one.name,
        format=one.format,
        base_url=one.base_url,
        models=dict(one.models),
        clearance=one.clearance,
        capabilities=Capabilities(**one.capabilities.model_dump()),
        timeouts=Timeouts(**one.timeouts.model_dump()),
        api_key=one.api_key,
        api_version=one.api_version,
        max_output_tokens=one.max_output_tokens,
    )
    if prove is None:
        return backend
    try:
        prove(one.base_url, frozenset(one.local_hosts))
    except ConfigError:
        return backend
    return replace(backend, local=True)


def model_names(settings: Settings) -> frozenset[str]:
    """Every model name that a client may ask for: what a record may name; anything else is ``unlisted``."""
    plain = {name for one in settings.backends for name in (*one.models, *one.models.values())}
    qualified = {f"{one.name}/{name}" for one in settings.backends for name in (*one.models, *one.models.values())}
    return frozenset({"auto", *settings.models.aliases, *plain, *qualified})
