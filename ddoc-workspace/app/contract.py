"""`python -m app.contract`: writes what is made from the code (openapi.json, README's tables), or checks it."""

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from app.main import create_app
from app.settings import Settings


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return create_app(Settings(token=None)).openapi()


def openapi_text() -> str:
    """Return openapi.json as it is committed: indented, keys in order of definition, one final newline."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def api_table() -> str:
    """Return every route with its summary as a Markdown table."""
    rows = [
        f"| `{method.upper()} {path}` | {operation['summary']} |"
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    ]
    return "\n".join(["| route | what it does |", "|---|---|", *rows])


def settings_table(kinds: Iterable[type[BaseSettings]]) -> str:
    """Return every environment variable of some settings, with default and meaning, as a Markdown table.

    A variable that several read is listed once, by the first.
    """
    rows: dict[str, str] = {}
    for kind in kinds:
        for field in kind.model_fields.values():
            name = str(field.validation_alias or field.alias)
            default = field.get_default(call_default_factory=True, validated_data={})
            shown = "" if default in (None, "", ()) or isinstance(default, Path) else f"`{_plain(default)}`"
            rows.setdefault(name, f"| `{name}` | {shown} | {field.description} |")
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows.values()])


def with_tables(readme: str, tables: dict[str, str]) -> str:
    """Return the README with what stands between `<!-- name: … -->` and `<!-- /name -->` replaced."""
    for name, table in tables.items():
        pattern = rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)"
        readme = re.sub(
            pattern, lambda found, table=table: f"{found[1]}{table}\n{found[2]}", readme, flags=re.DOTALL
        )
    return readme


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def main() -> int:
    """Write or check the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", type=Path, metavar="FILE")
    what.add_argument("--check", type=Path, metavar="FILE")
    options = parser.parse_args()
    text = openapi_text()
    if options.write:
        options.write.write_text(text, "utf-8")
        return 0
    if options.check.is_file() and options.check.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{options.check} is out of date: run `make openapi`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
