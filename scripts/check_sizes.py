"""Hold the sources to the project's limits on size, asserts and docstrings.

Usage: python scripts/check_sizes.py [FOLDER]    (src by default)

Fails on a module of more than 400 lines, a function of more than 60 lines, and any `assert`.
Reports functions of more than 50 lines, and public names without a docstring in the modules that
the linter regards as private. A function is counted without its docstring and its decorators.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 60
FUNCTION_LINES_WISHED = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Findings:
    """What one run found: failures, remarks, and the sizes behind the closing line."""

    failures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    modules: list[int] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)


def docstring_lines(node: Function) -> int:
    """Count the lines that the function's docstring takes."""
    first = node.body[0]
    if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)):
        return 0
    if not isinstance(first.value.value, str):
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def function_lines(node: Function) -> int:
    """Count the function's lines from `def` to its end, the docstring excepted."""
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)


def public_definitions(
    body: list[ast.stmt],
) -> Iterator[Function | ast.ClassDef]:
    """Yield public functions and classes of a module and the public methods of those classes."""
    for node in body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node.body)


def needs_no_docstring(node: Function | ast.ClassDef) -> bool:
    """Tell whether a decorator says that the docstring stands elsewhere."""
    names = {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list}
    return bool(names & {"overload", "override", "setter"})


def check_module(path: Path, findings: Findings) -> None:
    """Add what is found in one file to the findings."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    findings.modules.append(lines)
    if lines > MODULE_LINES:
        findings.failures.append(f"{path}: {lines} lines, the limit is {MODULE_LINES}")
    tree = ast.parse(text, filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            findings.failures.append(f"{path}:{node.lineno}: assert; raise an error instead")
        elif isinstance(node, Function):
            check_function(path, node, findings)
    if any(part.startswith("_") and part != "__init__.py" for part in path.parts):
        check_docstrings(path, tree, findings)


def check_function(path: Path, node: Function, findings: Findings) -> None:
    """Compare one function with the limits."""
    lines = function_lines(node)
    findings.functions.append(lines)
    if lines > FUNCTION_LINES_WISHED:
        where = findings.failures if lines > FUNCTION_LINES else findings.remarks
        limit = FUNCTION_LINES if lines > FUNCTION_LINES else FUNCTION_LINES_WISHED
        where.append(f"{path}:{node.lineno}: {node.name} has {lines} lines, the limit is {limit}")


def check_docstrings(path: Path, tree: ast.Module, findings: Findings) -> None:
    """Remark on public names without a docstring; the linter skips private modules."""
    for node in public_definitions(tree.body):
        if ast.get_docstring(node) is None and not needs_no_docstring(node):
            findings.remarks.append(f"{path}:{node.lineno}: {node.name} has no docstring")


def summary(findings: Findings) -> str:
    """Say in one line how large modules and functions are."""
    if not findings.functions:
        return f"{len(findings.modules)} modules, no functions"
    ninth = sorted(findings.functions)[int(0.9 * (len(findings.functions) - 1))]
    return (
        f"{len(findings.modules)} modules, {sum(findings.modules)} lines: "
        f"median {statistics.median(findings.modules):.0f}, largest {max(findings.modules)}; "
        f"{len(findings.functions)} functions: median {statistics.median(findings.functions):.0f}, "
        f"nine in ten at most {ninth}, longest {max(findings.functions)}"
    )


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "src")
    files = sorted(folder.rglob("*.py"))
    if not files:
        print(f"no Python files under {folder}", file=sys.stderr)
        return 2
    findings = Findings()
    for path in files:
        check_module(path, findings)
    for remark in findings.remarks:
        print(f"note: {remark}")
    for failure in findings.failures:
        print(f"error: {failure}", file=sys.stderr)
    print(summary(findings))
    return 1 if findings.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
