"""Which layer imports which, and who alone touches the environment."""

import ast
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_settings_reads_the_environment() -> None:
    readers = set()
    for package in ("app", "graph", "resolvers"):
        for path in (TOP / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
                    readers.add(str(path.relative_to(TOP)))
    assert readers == {"app/settings.py"}
