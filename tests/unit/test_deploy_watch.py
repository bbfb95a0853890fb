"""Prometheus and network rules: they speak of what is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.telemetry.metrics import METRICS

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
POLICIES = {
    one["metadata"]["name"]: one["spec"]
    for one in yaml.safe_load_all((DEPLOY / "network" / "kubernetes.yaml").read_text(encoding="utf-8"))
}


def series() -> dict[str, frozenset[str]]:
    """Every series of /metrics with its labels."""
    found = {}
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        for suffix in suffixes:
            found[metric.name + suffix] = frozenset(metric.labels) | ({"le"} if suffix == "_bucket" else set())
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_uses_metrics_that_exist(rule: dict[str, Any]) -> None:
    """Names and labels of an alert are those of /metrics; a renamed metric would silence it for ever."""
    known = series()
    used = re.findall(r"\b(gateway_\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert used or 'up{job="gateway"}' in rule["expr"]
    for name, labels in used:
        assert name in known
        assert set(re.findall(r"(\w+)\s*[=!]", labels)) <= known[name]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]


def test_prometheus_scrapes_the_gateway_and_reads_the_alerts() -> None:
    """The target is the service of the compose file; the alerts are mounted where it looks for them."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["gateway:8080"]}]
    assert "metrics_path" not in job
    assert config["rule_files"] == ["alerts.yml"]


def test_model_servers_reach_nobody_in_kubernetes() -> None:
    """An empty list of egress rules under policyTypes Egress forbids everything, DNS included."""
    spec = POLICIES["model-servers-reach-nobody"]
    assert spec["egress"] == []
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    assert spec["ingress"] == [{"from": [{"podSelector": {"matchLabels": {"app": "gateway"}}}]}]


def test_the_gateway_reaches_vendors_by_https_and_no_cloud_metadata() -> None:
    """The only way to addresses outside is port 443, with private and link-local ranges cut out."""
    rules = [rule for rule in POLICIES["gateway"]["egress"] if any("ipBlock" in to for to in rule["to"])]
    (rule,) = rules
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]
    assert "169.254.0.0/16" in rule["to"][0]["ipBlock"]["except"]
