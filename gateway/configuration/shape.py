"""The shape of gateway.yaml: every setting, its type, its default, and what it means.

A field's ``description`` is its documentation and the remedy of its errors; a test holds that
``deploy/examples/gateway.reference.yaml`` shows every one. Unknown names are errors, values are frozen, secrets are
``SecretStr``, and no error shows an input.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from gateway.egress.origin import Origin
from gateway.model import WireFormat

RESERVED_NAMES: Final = frozenset({"auto", "local", "external", "unlisted"})
"""Words of the policy language and of records, which no backend, alias or model may take for its name."""

PATTERNS: Final = {
    "name": r"^[a-z][a-z0-9-]{0,47}$",
    "id": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    "model": r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,255}$",
    "hash": r"^hmac-sha256:[0-9a-f]{64}$",
    "variable": r"^[A-Za-z_][A-Za-z0-9_]{0,127}$",
    "host": r"^[A-Za-z0-9_.:-]{1,253}$",
    "module": r"^[A-Za-z_][A-Za-z0-9_]{0,127}(\.[A-Za-z_][A-Za-z0-9_]{0,127})*$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}
"""The forms of text values, by what they hold. ``complaints.py`` says each in words."""


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004  pydantic collects ValueError alone
    return value


Name = Annotated[str, StringConstraints(pattern=PATTERNS["name"])]
KeyId = Annotated[str, StringConstraints(pattern=PATTERNS["id"])]
ModelName = Annotated[str, StringConstraints(pattern=PATTERNS["model"])]
Label = Annotated[str, StringConstraints(pattern=PATTERNS["id"])]
KeyHash = Annotated[str, StringConstraints(pattern=PATTERNS["hash"])]
Variable = Annotated[str, StringConstraints(pattern=PATTERNS["variable"])]
Host = Annotated[str, StringConstraints(pattern=PATTERNS["host"])]
ModuleName = Annotated[str, StringConstraints(pattern=PATTERNS["module"])]
Seconds = Annotated[float, BeforeValidator(_number), Field(gt=0, le=3600, allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_number)]
Count = Annotated[Whole, Field(ge=1, le=1_000_000_000)]


class Part(BaseModel):
    """One mapping of gateway.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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


class Keys(Part):
    """Who may use the gateway."""

    secret: SecretStr | None = Field(None, description="Secret of the key hashes. Only from GATEWAY_KEYS__SECRET.")
    secret_file: Path | None = Field(None, description="File that holds the secret, instead of the variable.")
    clients: tuple[ClientKey, ...] = Field((), max_length=10_000, description="The client keys.")
    allow_anonymous: bool = Field(False, description="Serve without keys. Only while server.host is loopback.")


class Models(Part):
    """Names that clients may ask for, besides `auto` and the backends' own."""

    aliases: dict[ModelName, ModelName] = Field({}, description="Alias to `backend/model`, `model` or `auto`.")


class CapabilitySettings(Part):
    """What a backend can do. A request that needs more goes to the next candidate."""

    context: Count | None = Field(None, description="Tokens that fit, prompt and answer together. Unset: not checked.")
    tools: bool = Field(True, description="Function calling.")
    vision: bool = Field(False, description="Image parts.")
    documents: bool = Field(False, description="PDF and other file parts.")
    audio: bool = Field(False, description="Audio parts.")
    json_schema: bool = Field(True, description="response_format json_schema.")


class TimeoutSettings(Part):
    """Seconds to wait for a backend."""

    connect: Seconds = Field(5.0, description="Until the connection stands.")
    first_byte: Seconds = Field(120.0, description="Until the answer begins; then the next candidate is tried.")
    idle: Seconds = Field(60.0, description="Between two pieces of a stream; then the client gets an error event.")


class BackendSettings(Part):
    """One model server."""

    name: Name = Field(description="Name in policies, headers, records and metrics.")
    format: WireFormat = Field(description="What it speaks: openai or anthropic.")
    base_url: str = Field(
        max_length=512,
        description="openai: what stands before /chat/completions. anthropic: what stands before /v1/messages.",
    )
    models: dict[ModelName, ModelName] = Field(
        min_length=1,
        description="Public model name to the server's own; a list where both are the same. First: default.",
    )
    clearance: Label = Field(description="Highest label that it may receive.")
    capabilities: CapabilitySettings = Field(CapabilitySettings(), description="What it can do.")
    timeouts: TimeoutSettings = Field(TimeoutSettings(), description="How long to wait for it.")
    api_key: SecretStr | None = Field(None, description="Its key. Only from GATEWAY_BACKENDS__<NAME>__API_KEY.")
    api_key_env: Variable | None = Field(None, description="Variable that holds its key, such as OPENAI_API_KEY.")
    api_key_file: Path | None = Field(None, description="File that holds its key.")
    api_version: str | None = Field(
        None, pattern=PATTERNS["date"], description="anthropic: the anthropic-version header."
    )
    max_output_tokens: Count = Field(4096, description="Where the format demands a limit and the client gave none.")
    local_hosts: tuple[Host, ...] = Field(
        (), description="Host names vouched for as inside the organisation though their address does not prove it."
    )

    @field_validator("models", mode="before")
    @classmethod
    def _same_names(cls, models: Any) -> Any:
        return {name: name for name in models} if isinstance(models, list) and all(map(_is_text, models)) else models

    @field_validator("base_url")
    @classmethod
    def _usable_url(cls, url: str) -> str:
        fault = url_fault(url)
        if fault is not None:
            raise ValueError(fault)
        return url.rstrip("/")


class SpacyModel(Part):
    """A spaCy model, run by Presidio's NLP engine."""

    model: ModuleName | None = Field(None, description="An installed spaCy package, such as en_core_web_sm.")


class Ner(Part):
    """Who reads names and addresses. ``ner: rampart`` and ``ner: off`` are short for ``ner: {engine: ...}``."""

    engine: Literal["rampart", "off"] = Field(
        "rampart",
        description="The shipped model, or off: most names are missed. In short `ner: rampart`, `ner: off`.",
    )
    onnx: Path | None = Field(
        None,
        description="Instead: a folder with an ONNX token classifier, tokenizer.json and config.json (id2label).",
    )
    presidio: SpacyModel = SpacyModel()
    labels: dict[str, str] = Field(
        {}, description="Entity type of each label of such a model, B- and I- left off. Unset: persons and places."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """YAML reads ``off`` as false, and so it was written before there was a choice."""
        spoken = value.strip().lower() if isinstance(value, str) else value
        if spoken in ("rampart", "true", "on") or spoken is True:
            return {"engine": "rampart"}
        if spoken in ("off", "false") or spoken is False:
            return {"engine": "off"}
        if isinstance(value, dict) and isinstance(value.get("engine"), bool):
            return value | {"engine": "rampart" if value["engine"] else "off"}
        return value

    @property
    def on(self) -> bool:
        """Is there any engine? One of one's own goes before ``engine``."""
        return self.engine != "off" or self.onnx is not None or self.presidio.model is not None


class Inspection(Part):
    """How prompts are read. Too slow or too much means the highest label, never a pass."""

    timeout_ms: Whole = Field(250, ge=1, le=600_000, description="Longest inspection of one request, in milliseconds.")
    workers: Whole = Field(2, ge=1, le=256, description="Threads that run detectors.")
    queue: Count = Field(64, description="Requests that may wait for a thread.")
    cache_entries: Whole = Field(20_000, ge=0, le=100_000_000, description="Segments whose findings are remembered.")
    ner: Ner = Ner()
    ner_processes: Whole | None = Field(
        None,
        ge=0,
        le=64,
        description="Processes that run the NER model. Unset: processors less one, at least 1. 0: threads of this one.",
    )


class TermSettings(Part):
    """Term lists of your own: a file of them, or one list written out. See docs/terms.md."""

    file: Path | None = Field(None, description="YAML file of term lists; then nothing else stands here.")
    id: str | None = Field(None, description="Name of a list that is written out here.")
    about: str | None = Field(None, description="What the list holds.")
    entity_type: str | None = Field(None, description="What policies call its terms, such as PROJECT_NAME.")
    terms: tuple[str, ...] = Field((), max_length=100_000, description="The terms of a list that is written out here.")
    languages: tuple[str, ...] = Field((), description="Languages of their endings: en de fr es it pt nl. Unset: all.")
    inflect: bool = Field(True, description="Find plurals, genitives and compounds, too.")
    case: Literal["any", "exact", "smart"] = Field(
        "smart", description="Letter case: any, exact, or smart (capitals of the list are asked for)."
    )
    whole_word: bool = Field(True, description="Not inside longer words.")
    position: Literal["any", "statement", "marking"] = Field(
        "any", description="Where it counts: any, statement (no questions about it), marking (headers, brackets)."
    )
    match: tuple[str, ...] = Field((), description="Texts in which the list must find something, tried at the start.")
    no_match: tuple[str, ...] = Field((), description="Texts in which it must not.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.file is not None and self.model_fields_set != {"file"}:
            raise ValueError("names a file and more; a file holds its lists whole")
        if self.file is None and not (self.id and self.entity_type and self.terms):
            raise ValueError("needs either file, or id, entity_type and terms")
        return self


class ExactSettings(Part):
    """A list of exact values, made by `gateway terms build`. See docs/terms.md."""

    file: Path = Field(description="File that `gateway terms build` made.")
    key_file: Path | None = Field(None, description="File of its key. Unset: the key is made from keys.secret.")


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


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def is_loopback(host: str) -> bool:
    """Is this listening address reachable from this machine alone? Names other than localhost are not resolved."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def url_fault(url: str) -> str | None:
    """What is wrong with a base_url; None: nothing. The answer never repeats the URL, which may hold a credential."""
    if not url.isascii() or any(ord(character) < 33 for character in url):
        return "holds white space or characters that a URL must encode"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is not a URL"
    faults = {
        "must begin with https://, http:// or unix:///": parts.scheme not in ("http", "https", "unix"),
        "must not hold a user or password; use api_key_env or api_key_file": "@" in parts.netloc,
        "must not hold a query or fragment; a key belongs in api_key_env or api_key_file": "?" in url or "#" in url,
    }
    fault = next((fault for fault, present in faults.items() if present), None)
    return fault or _unreachable(url)


def _unreachable(url: str) -> str | None:
    """What egress says about the URL, so that whatever loads can also be sent to."""
    try:
        Origin.of(url)
    except ValueError:
        return "must be https://host[:port][/base], http://host[:port][/base] or unix:///path.sock[/base]"
    return None
