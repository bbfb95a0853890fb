"""Paths of settings made absolute: the file's start at its folder, those of variables at the working directory."""

from pathlib import Path

from gateway.configuration.complaints import Origin
from gateway.configuration.shape import Settings


def rooted(settings: Settings, origin: Origin) -> Settings:
    """The same with absolute paths."""
    folder = Path.cwd() if origin.file is None else origin.file.parent

    def root(path: Path | None, *place: str | int) -> Path | None:
        if path is None:
            return None
        base = Path.cwd() if origin.overlaid.variable(place) else folder
        return (base / path.expanduser()).absolute()

    keys = {"secret_file": root(settings.keys.secret_file, "keys", "secret_file")}
    audit = {
        "path": root(settings.audit.path, "audit", "path"),
        "secret_file": root(settings.audit.secret_file, "audit", "secret_file"),
    }
    backends = tuple(
        one.model_copy(update={"api_key_file": root(one.api_key_file, "backends", index, "api_key_file")})
        for index, one in enumerate(settings.backends)
    )
    ner = settings.inspection.ner
    ner = ner.model_copy(update={"onnx": root(ner.onnx, "inspection", "ner", "onnx")})
    terms = tuple(
        one.model_copy(update={"file": root(one.file, "terms", index, "file")}) if one.file else one
        for index, one in enumerate(settings.terms)
    )
    exact = tuple(
        one.model_copy(update={name: root(getattr(one, name), "exact", index, name) for name in ("file", "key_file")})
        for index, one in enumerate(settings.exact)
    )
    base = Path.cwd() if origin.overlaid.variable(("detectors",)) else folder
    detectors = tuple(placed(one, base) for one in settings.detectors)
    return settings.model_copy(
        update={
            "detectors": detectors,
            "terms": terms,
            "exact": exact,
            "inspection": settings.inspection.model_copy(update={"ner": ner}),
            "keys": settings.keys.model_copy(update=keys),
            "audit": settings.audit.model_copy(update=audit),
            "policy": root(settings.policy, "policy"),
            "backends": backends,
        }
    )


def placed(one: str, folder: Path) -> str:
    """A file's path starts at the configuration's folder; module:Class is no path."""
    return str((folder / Path(one).expanduser()).absolute()) if one.endswith((".yaml", ".yml")) else one
