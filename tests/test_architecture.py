"""Imports only point down; nothing hides in a function; what everybody imports knows nobody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "messaging", "billing", "tenants")

# Floors from top to bottom. A module may import from its own floor and from every floor below, never from above.
# The longest prefix that fits decides.
FLOORS: list[list[str]] = [
    ["config"],
    [
        *("messaging.apps", "messaging.urls", "messaging.inbox", "messaging.api", "messaging.sandbox"),
        *(
            "messaging.steps",
            "messaging.things",
            "messaging.contacts.urls",
            "messaging.contacts.views",
            "messaging.contacts.consent.shown",
        ),
        *("messaging.channels.pages", "messaging.message_templates.pages"),
        "messaging.broadcasts.pages",
    ],
    ["messaging.webhooks", "messaging.tasks"],
    ["messaging.broadcasts", "messaging.bots"],
    ["messaging.messages", "messaging.media"],
    ["messaging.conversations", "messaging.message_templates"],
    ["messaging.models"],
    ["messaging.contacts"],
    ["messaging.channels", "messaging.live"],
    ["billing.apps", "billing.urls", "billing.urls_staff", "billing.views", "billing.tasks"],
    ["billing.dunning"],
    ["billing.payments"],
    ["billing.invoices"],
    # Plain values in, bytes and reports out: the document lies below the rows that ask for it.
    ["billing.einvoice"],
    ["billing.models"],
    # The door asks what a message costs, so it stands above the rating although it belongs to the plans.
    ["billing.plans.entitlements", "billing.plans.quotes"],
    ["billing.rating"],
    ["billing.plans"],
    ["billing.usage"],
    ["billing.markets"],
    ["tenants.apps", "tenants.urls", "tenants.urls_person", "tenants.urls_public", "tenants.management"],
    ["tenants.middleware"],
    ["tenants.views"],
    ["tenants.checks", "tenants.forms", "tenants.tasks", "tenants.sign_in", "tenants.templatetags"],
    ["tenants.access"],
    ["tenants.request", "tenants.metrics"],
    ["tenants.services"],
    ["tenants.company_task", "tenants.schema"],
    ["tenants.context"],
    ["tenants.models"],
    ["tenants.lib"],
]
FLOOR_OF = {prefix: number for number, floor in enumerate(FLOORS) for prefix in floor}
# Django looks for an app's models here, so this one hands on what lies on higher floors than its importers.
HANDS_ON = {"messaging.models", "billing.models"}
# Doors from messaging into billing: may we, it happened, and what would it cost.
DOORS = ("billing.plans.entitlements", "billing.usage.metering", "billing.plans.quotes")
# Django loads these by name and needs the import late: the apps are not ready when the file is read.
LATE = {"tenants/apps.py", "billing/apps.py", "messaging/apps.py"}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in file.parts:
                name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
                yield name.removesuffix(".__init__"), file


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module of ours that is imported, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in PACKAGES


def floor(name: str) -> int:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:length])) in FLOOR_OF:
            return FLOOR_OF[prefix]
    raise AssertionError(f"{name} has no floor: add it to FLOORS where it belongs")


ALL = [(name, file, ast.parse(file.read_text(encoding="utf-8"))) for name, file in modules()]


def test_every_module_has_a_floor() -> None:
    assert [floor(name) for name, _, _ in ALL if name not in {"messaging", "billing", "tenants"}]


def test_no_import_points_up() -> None:
    wrong = [
        f"{name}:{line} imports {target}"
        for name, _, tree in ALL
        if name not in HANDS_ON and name not in {"messaging", "billing", "tenants"}
        for target, line in imported(tree)
        if ours(target) and floor(target) < floor(name)
    ]
    assert wrong == []


def test_nothing_of_ours_is_imported_inside_a_function() -> None:
    hidden = [
        f"{file.relative_to(ROOT)}:{line} imports {target}"
        for _, file, tree in ALL
        if str(file.relative_to(ROOT)) not in LATE
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for target, line in imported(function)
        if ours(target)
    ]
    assert hidden == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    names = {name for name, _, _ in ALL}
    graph = {
        name: {found for target, _ in imported(tree) if (found := _module(target, names)) and found != name}
        for name, _, tree in ALL
        if name not in HANDS_ON
    }
    assert list(_circles(graph)) == []


def _module(target: str, names: set[str]) -> str | None:
    for candidate in (target, target.rpartition(".")[0]):
        if candidate in names:
            return candidate
    return None


def _circles(graph: dict[str, set[str]]) -> Iterator[str]:
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> Iterator[str]:
        if name in path:
            yield " > ".join([*path[path.index(name) :], name])
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                yield from visit(target, [*path, name])
            done.add(name)

    for name in graph:
        yield from visit(name, [])


@pytest.mark.parametrize("package", ["billing", "tenants"])
def test_billing_and_tenants_never_import_messaging(package: str) -> None:
    assert [
        name
        for name, _, tree in ALL
        if name.startswith(f"{package}.")
        for target, _ in imported(tree)
        if target.startswith("messaging")
    ] == []


def test_messaging_enters_billing_by_two_doors_only() -> None:
    assert [
        f"{name} imports {target}"
        for name, _, tree in ALL
        if name.startswith("messaging.")
        for target, _ in imported(tree)
        if target.startswith("billing") and not target.startswith(DOORS)
    ] == []


def test_lib_knows_no_model() -> None:
    assert [
        f"{name} imports {target}"
        for name, _, tree in ALL
        if name.startswith("tenants.lib")
        for target, _ in imported(tree)
        if ours(target) and not target.startswith("tenants.lib")
    ] == []


def test_nobody_imports_config() -> None:
    assert [
        f"{name} imports {target}"
        for name, _, tree in ALL
        if not name.startswith("config")
        for target, _ in imported(tree)
        if target.split(".")[0] == "config"
    ] == []


@pytest.mark.parametrize("word", ["tenant_context", "schema_context"])
def test_only_our_own_context_manager_enters_a_company(word: str) -> None:
    assert [
        str(file.relative_to(ROOT))
        for _, file, tree in ALL
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == word for alias in node.names)
    ] == []


def test_views_ask_permission_through_access_only() -> None:
    """`is_staff` and roles are read in access, the models, the middleware that finds the right, and nowhere else."""
    allowed = ("tenants.access", "tenants.models", "tenants.middleware", "tenants.services", "tenants.sign_in")
    asking = [
        f"{name}:{node.lineno}"
        for name, _, tree in ALL
        if not name.startswith((*allowed, "config", "tenants.views.health"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"is_staff", "is_superuser"}
    ]
    assert asking == []
