"""The shape of the house: arrows point down, files stay small, a few things never occur."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "recast"
FILES = sorted(PACKAGE.rglob("*.py"))

GROUND = {
    "errors",
    "events",
    "images",
    "geometry",
    "disk",
    "ordered",
    "picture_size",
    "language",
    "sides",
    "plain_pickle",
    "reasons",
}
WORK = {
    "video": set[str](),
    "faces": {"video"},
    "faceset": {"video", "faces"},
    "models": set[str](),
    "training": {"faces", "faceset", "models"},
    "merging": {"video", "faces"},
    "provenance": set[str](),
    "interop": {"faces", "faceset"},
}
"""Each work package, and the work packages it may know."""
STORY = {"folders", "workspace", "stages"}
DOORS = {"cli", "studio"}
MAY_KNOW = {
    **dict.fromkeys(GROUND, GROUND),
    **{name: {name} | GROUND | below for name, below in WORK.items()},
    **dict.fromkeys(STORY, GROUND | set(WORK) | STORY),
    **dict.fromkeys(DOORS, GROUND | set(WORK) | STORY | DOORS),
    "__main__": {"cli"},
}

HEAVY = {"torch", "cv2", "av", "numpy", "onnxruntime", "c2pa", "cryptography", "safetensors"}
# The train stage makes the optimizer; the doctor's child looks whether torch can be loaded. MTCNN
# runs in torch, and torch counts the GPUs for all detectors. It also writes networks for other
# programs.
KNOWS_TORCH = {
    "models",
    "training",
    "faces/mtcnn_networks.py",
    "faces/devices.py",
    "interop/network_files.py",
    "stages/train.py",
    "cli/cards.py",
}
# Its flags are typed by the consent record, and it is loaded only when it is used.
LOADED_LATE = {"cli/consent.py"}

MOST_LINES, MOST_FUNCTION_LINES = 400, 60
LONG_FUNCTIONS: dict[str, str] = {}
"""File:function of those that read better whole, and why."""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every import with the full name of the module it loads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module == "recast":
                yield from ((node, f"recast.{alias.name}") for alias in node.names)
            else:
                yield node, module


def loaded_at_once(tree: ast.Module) -> set[str]:
    """The modules that importing this one loads: not those in functions or for type checkers."""
    late: set[ast.stmt] = set()
    for node in ast.walk(tree):
        only_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if only_types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            late.update(found for found, _ in imports(node))
    return {module for node, module in imports(tree) if node not in late}


def test_every_part_of_the_package_has_a_place() -> None:
    assert {part_of(path) for path in FILES} <= MAY_KNOW.keys() | {"__init__"}


def test_arrows_point_down() -> None:
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in FILES
        if part_of(path) != "__init__"
        for _, module in imports(tree_of(path))
        if module.startswith("recast.") and module.split(".")[1] not in MAY_KNOW[part_of(path)]
    ]
    assert wrong == []


def test_imports_name_the_package_in_full() -> None:
    assert [
        name_of(path)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ] == []


def test_modules_import_each_other_in_no_circle() -> None:
    def spelled(path: Path) -> str:
        inside = path.relative_to(PACKAGE.parent).with_suffix("")
        return ".".join(inside.parts).removesuffix(".__init__")

    loads = {spelled(path): loaded_at_once(tree_of(path)) for path in FILES}
    while loads:
        free = {name for name, needed in loads.items() if not needed & (loads.keys() - {name})}
        assert free, f"a circle among {sorted(loads)}"
        loads = {name: needed for name, needed in loads.items() if name not in free}


def test_torch_stays_with_the_networks() -> None:
    assert [
        name_of(path)
        for path in FILES
        if not {part_of(path), name_of(path)} & KNOWS_TORCH
        for _, module in imports(tree_of(path))
        if module.split(".")[0] == "torch"
    ] == []


def test_stages_and_doors_load_what_is_heavy_inside_functions() -> None:
    assert [
        f"{name_of(path)} loads {module}"
        for path in FILES
        if part_of(path) in STORY | DOORS | {"__init__"} and name_of(path) not in LOADED_LATE
        for module in loaded_at_once(tree_of(path))
        if module.split(".")[0] in HEAVY
        or (module.startswith("recast.") and module.split(".")[1] in WORK)
    ] == []


def test_files_stay_small() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_functions_stay_short() -> None:
    too_long = {
        f"{name_of(path)}:{node.name}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MOST_FUNCTION_LINES
    }
    assert too_long == LONG_FUNCTIONS.keys()


def test_nothing_is_pickled() -> None:
    assert [
        f"{name_of(path)} imports {module}"
        for path in FILES
        for _, module in imports(tree_of(path))
        if module.split(".")[0] in {"pickle", "dill", "joblib", "shelve", "marshal"}
    ] == []


def test_some_statements_never_occur() -> None:
    found = []
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            bare = isinstance(node, ast.ExceptHandler) and node.type is None
            starred = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            if bare or starred or isinstance(node, ast.Global):
                found.append(f"{name_of(path)}:{getattr(node, 'lineno', 0)}")
    assert found == []


def test_only_doors_speak() -> None:
    assert [
        f"{name_of(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "input" or (node.func.id == "print" and part_of(path) not in DOORS))
    ] == []
