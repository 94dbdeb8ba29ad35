"""What code may know of other code, where import-linter cannot see it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import dashboard.api
import pipeline.api

ROOT = Path(pipeline.api.__file__).parents[1]
MAY_KNOW = ("pipeline/synthetic", "pipeline/tracking/evaluation", "plugins/evaluation")
APIS = {"pipeline": pipeline.api, "dashboard": dashboard.api}


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def public(api: ModuleType) -> set[str]:
    """What an API offers: its names, and those that it imports for annotations only (``from … import X as X``)."""
    tree = ast.parse(Path(str(api.__file__)).read_text(encoding="utf-8"))
    imports = [alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    return {*api.__all__, *(alias.name for alias in imports if alias.asname == alias.name)}


def test_plugins_import_nothing_of_skein_but_public_names_of_the_two_apis() -> None:
    found = 0
    for path, tree in sources("plugins"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & APIS.keys(), path
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in APIS:
                api = APIS[(node.module or "").split(".")[0]]
                assert node.module == api.__name__, path
                assert {alias.name for alias in node.names} <= public(api), path
                found += 1
    assert found > 10


def test_every_public_name_is_there() -> None:
    for api in APIS.values():
        for name in api.__all__:
            assert getattr(api, name) is not None


def test_truth_is_read_by_evaluation_only() -> None:
    """Nothing else can know that an experiment is synthetic."""
    for path, tree in sources("pipeline", "dashboard", "plugins"):
        if any(path.is_relative_to(folder) for folder in MAY_KNOW):
            continue
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not any(re.match(r"truth([/\\]|$)", text) for text in texts), path


def test_no_callback_is_made_by_importing_a_module() -> None:
    """It would belong to whichever app was made first in the process."""
    for path, tree in sources("dashboard", "plugins"):
        for node in tree.body:
            for decorator in getattr(node, "decorator_list", []):
                assert "callback" not in ast.unparse(decorator), path
