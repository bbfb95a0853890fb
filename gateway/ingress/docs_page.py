"""``/docs``: the API description as one plain page, without scripts, fonts or anything fetched from elsewhere.

FastAPI's own page loads its viewer from a public CDN, which a closed network cannot reach and should not ask.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "code,pre{font:14px/1.45 ui-monospace,monospace;background:#f4f4f4}pre{padding:.8rem;overflow:auto}"
    "td,th{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top;border-bottom:1px solid #ddd}"
    "h2{margin-top:2.2rem}"
)


def page(openapi: Mapping[str, Any], example: str) -> str:
    """HTML for an OpenAPI description (its ``info`` and ``paths``) and one example to paste into a shell."""
    info = openapi["info"]
    rows = "".join(
        f"<tr><td><code>{escape(method.upper())}&nbsp;{escape(path)}</code></td>"
        f"<td>{escape(operation.get('summary', ''))}<br>"
        f"<small>{escape(operation.get('description', ''))}</small></td></tr>"
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
        f"<style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1><p>{escape(info['description'])}</p>"
        f"<h2>Endpoints</h2><table>{rows}</table><h2>Try it</h2><pre>{escape(example)}</pre>"
        "<p>The machine-readable description is <a href=/openapi.json>/openapi.json</a>.</p></html>"
    )
