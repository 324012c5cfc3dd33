"""The serving package can be taken to any service: it imports nothing else of the project."""

import ast
from pathlib import Path

import xmpp_exporter.serving

PACKAGE = Path(xmpp_exporter.serving.__file__).parent


def imported(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_serving_imports_nothing_of_the_project() -> None:
    modules = list(PACKAGE.rglob("*.py"))
    assert len(modules) > 10
    for module in modules:
        for name in imported(module):
            if name.partition(".")[0] in ("xmpp_exporter", "xmpp_badges", "xmpp_alerts"):
                assert name.startswith("xmpp_exporter.serving."), f"{module.name} imports {name}"
