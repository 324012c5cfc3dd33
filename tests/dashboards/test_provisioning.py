"""What is said to Grafana and to Kubernetes about the dashboards names all of them, and has room for them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards.dashboard import FOLDER, dashboards

PROVISIONING = FOLDER / "provisioning"

CONFIG_MAP = 1 << 20
"""Bytes that Kubernetes takes in a ConfigMap, the names of the files included."""


def read(name: str) -> Any:
    return yaml.safe_load((PROVISIONING / name).read_text())


@pytest.fixture
def config_map() -> dict[str, str]:
    """The data of the ConfigMap that the kustomization makes."""
    (generator,) = read("kustomization.yaml")["configMapGenerator"]
    return {Path(file).name: (PROVISIONING / file).read_text() for file in generator["files"]}


def test_the_config_map_has_all_dashboards(config_map: dict[str, str]) -> None:
    assert set(config_map) == set(dashboards())
    assert sum(len(name) + len(text.encode()) for name, text in config_map.items()) < CONFIG_MAP


def test_the_config_map_has_the_label_that_the_sidecar_looks_for() -> None:
    kustomization = read("kustomization.yaml")
    assert (kustomization["apiVersion"], kustomization["kind"]) == ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    assert kustomization["generatorOptions"] == {
        "disableNameSuffixHash": True,
        "labels": {"grafana_dashboard": "1"},
        "annotations": {"grafana_folder": "XMPP"},
    }


def test_grafana_reads_a_folder_of_files_that_nobody_edits_in_it() -> None:
    provisioning = read("dashboards.yml")
    (provider,) = provisioning["providers"]
    assert provisioning["apiVersion"] == 1
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"] in (FOLDER.parent / "docs" / "dashboards.md").read_text()


def test_the_data_source_is_a_prometheus_that_knows_how_often_is_scraped() -> None:
    (source,) = read("datasource.example.yml")["datasources"]
    configuration = yaml.safe_load((FOLDER.parent / "deploy" / "prometheus" / "prometheus.yml").read_text())
    assert (source["type"], source["access"]) == ("prometheus", "proxy")
    assert source["jsonData"]["timeInterval"] == configuration["global"]["scrape_interval"]
