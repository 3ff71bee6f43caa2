"""What the supervisor reads from the environment."""

import os
import secrets
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).parents[1]


class Settings(BaseSettings):
    """Ports and folders of a native run; the services read the rest from the same environment."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    ui_port: int = Field(3000, alias="FRONTEND_PORT", description="port of the UI")
    backend_port: int = Field(8000, alias="BACKEND_PORT", description="port of the API")
    service_port: int = Field(5001, alias="DDOC_PORT", description="port of the service")
    mlflow_port: int = Field(5050, alias="MLFLOW_PORT", description="port of the MLflow server")
    workspaces: Path = Field(
        REPOSITORY / "workspaces", alias="WORKSPACES_ROOT", description="folder of datasets and workspaces"
    )
    mlruns: Path = Field(REPOSITORY / "mlruns", alias="MLRUNS_ROOT", description="folder of runs")
    token: str | None = Field(None, alias="DDOC_TOKEN", description="the bearer token that the API asks for")
    demo: bool = Field(True, alias="DDOC_DEMO", description="make a sample pair on the first start")
    ready_seconds: int = Field(
        180, alias="DDOC_READY_SECONDS", description="how long to wait for the services"
    )

    def token_or_made(self) -> str:
        """Return the token: the one that is set, else the one made at the first start and kept for this user."""
        if self.token:
            return self.token
        file = self.workspaces / ".ddoc" / "token"
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(32))
        return file.read_text().strip()
