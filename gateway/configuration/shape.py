"""The shape of gateway.yaml: every setting, its type, its default, and what it means.

A field's ``description`` is its documentation and the remedy of its errors; a test holds that
``deploy/examples/gateway.reference.yaml`` shows every one. Secrets are ``SecretStr``.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from gateway.configuration.backend_shape import BackendSettings
from gateway.configuration.forms import Count, Host, KeyHash, KeyId, ModelName, Part, Seconds, Whole
from gateway.configuration.inspection_shape import ExactSettings, Inspection, TermSettings


class Server(Part):
    """Where the gateway listens."""

    host: Host = Field("127.0.0.1", description="Address to listen on. 0.0.0.0 in a container; loopback otherwise.")
    port: Whole = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")


class Limits(Part):
    """What a client may send. Beyond: 400, 408, 413 or 503, and nothing was read further."""

    body_bytes: Count = Field(8 * 1024 * 1024, description="Bytes of one request body.")
    json_depth: Whole = Field(64, ge=4, le=512, description="Nesting of one request body.")
    json_nodes: Count = Field(200_000, description="Values and keys in one request body.")
    body_seconds: Seconds = Field(30.0, description="Time for one request body to arrive, whole.")
    concurrent: Count = Field(256, description="Requests handled at once; further ones get 503 and retry-after.")


class ClientKey(Part):
    """One client key, as `gateway keys new NAME` prints it."""

    id: KeyId = Field(description="Public name of the key; stands in records and metrics.")
    hash: KeyHash = Field(description="Keyed hash of the key. The key itself is stored nowhere.")
    team: KeyId | None = Field(None, description="Team that uses the key: policies may ask for it.")
    app: KeyId | None = Field(None, description="Application that uses the key: policies may ask for it.")


class Keys(Part):
    """Who may use the gateway."""

    secret: SecretStr | None = Field(None, description="Secret of the key hashes. Only from GATEWAY_KEYS__SECRET.")
    secret_file: Path | None = Field(None, description="File that holds the secret, instead of the variable.")
    clients: tuple[ClientKey, ...] = Field((), max_length=10_000, description="The client keys.")
    allow_anonymous: bool = Field(False, description="Serve without keys. Only while server.host is loopback.")


class Models(Part):
    """Names that clients may ask for, besides `auto` and the backends' own."""

    aliases: dict[ModelName, ModelName] = Field({}, description="Alias to `backend/model`, `model` or `auto`.")


class Audit(Part):
    """Where decisions are recorded. A decision that cannot be recorded is not carried out."""

    path: Path = Field(Path("audit.sqlite3"), description="SQLite file of the records.")
    secret: SecretStr | None = Field(
        None,
        description="Secret of the body fingerprints. Only from GATEWAY_AUDIT__SECRET. Unset: made from keys.secret.",
    )
    secret_file: Path | None = Field(None, description="File that holds the secret, instead of the variable.")
    timeout_ms: Whole = Field(5000, ge=10, le=600_000, description="Longest wait for a record to be durable; then 503.")
    queue: Count = Field(4096, description="Records that may wait to be written; beyond: 503.")


class Stream(Part):
    """Streamed answers."""

    keep_alive_s: Seconds = Field(15.0, description="Silence after which a comment keeps the connection open.")


class Settings(Part):
    """gateway.yaml with the environment laid over it. Made by ``gateway.settings.load``; paths are absolute then.

    Not a pydantic-settings class: its source of variables cannot address an entry of ``backends`` by its name, passes
    over names that it does not know, and takes keys such as ``_env_file`` for its own. ``overlay.py`` does this part.
    """

    server: Server = Server()
    limits: Limits = Limits()
    keys: Keys = Keys()
    policy: Path | None = Field(None, description="Folder of the policy. Unset: the default policy that is built in.")
    models: Models = Models()
    backends: tuple[BackendSettings, ...] = Field(min_length=1, max_length=100, description="The model servers.")
    inspection: Inspection = Inspection()
    detectors: tuple[Annotated[str, StringConstraints(min_length=1, max_length=1024)], ...] = Field(
        (), max_length=100, description="Detectors of your own: YAML files, or module:Class. See recognizers.md."
    )
    terms: tuple[TermSettings, ...] = Field((), max_length=100, description="Term lists of your own.")
    exact: tuple[ExactSettings, ...] = Field((), max_length=100, description="Lists of exact values of your own.")
    audit: Audit = Audit()
    stream: Stream = Stream()
