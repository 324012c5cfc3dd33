"""YAML of our own files, read by libyaml where that is there: else it takes half of a command's start."""

from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """The data of a text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # noqa: S506 - both are safe loaders
