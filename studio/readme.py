"""`python -m studio.readme`: writes the README's tables from the code, or with `--check` tells whether they are true."""

import sys

from app.contract import api_table, settings_table, with_tables
from app.settings import Settings as ServiceSettings
from backend.app.settings import Settings as BackendSettings
from studio.settings import REPOSITORY
from studio.settings import Settings as StudioSettings

README = REPOSITORY / "README.md"


def readme_with_tables() -> str:
    """Return the README as it should be."""
    tables = {
        "api": api_table(),
        "settings": settings_table((StudioSettings, ServiceSettings, BackendSettings)),
    }
    return with_tables(README.read_text("utf-8"), tables)


def main() -> int:
    """Write the README, or check it."""
    wanted = readme_with_tables()
    if "--check" not in sys.argv[1:]:
        README.write_text(wanted, "utf-8")
        return 0
    if README.read_text("utf-8") == wanted:
        return 0
    sys.stderr.write("README.md is out of date: run `make openapi`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
