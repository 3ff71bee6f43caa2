"""`python -m app.contract`: writes openapi.json, or checks that the committed one is up to date."""

import argparse
import json
import sys
from pathlib import Path

from app.main import create_app
from app.settings import Settings


def openapi_text() -> str:
    """Return the OpenAPI document as it is committed: indented, keys in order of definition, one final newline."""
    document = create_app(Settings(token=None)).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


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
