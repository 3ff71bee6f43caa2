"""Settings of the backend and of the UI's server, all from the environment."""

import ipaddress
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start; the README's table of settings is checked against the descriptions."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", alias="BACKEND_HOST", description="address that backend and UI listen on")
    port: int = Field(8000, alias="BACKEND_PORT", description="port of the API for browsers and scripts")
    ui_port: int = Field(3000, alias="FRONTEND_PORT", description="port of the UI")
    service_url: str = Field(
        "http://127.0.0.1:5001", alias="DDOC_SERVICE_URL", description="where the backend reaches the service"
    )
    backend_url: str = Field(
        "http://127.0.0.1:8000", alias="BACKEND_URL", description="where the UI's server reaches the backend"
    )
    mlflow_url: str = Field(
        "http://127.0.0.1:5050", alias="MLFLOW_TRACKING_URI", description="where the MLflow server is reached"
    )
    token: str | None = Field(None, alias="DDOC_TOKEN", description="the bearer token that the API asks for")
    login_code: str | None = Field(
        None,
        alias="DDOC_LOGIN_CODE",
        description="a code that signs one browser in, once; made by `make run`",
    )
    allowed_hosts: str = Field(
        "", alias="DDOC_ALLOWED_HOSTS", description="further host names to answer to, comma-separated"
    )
    dist: Path = Field(
        Path(__file__).parents[2] / "frontend" / "dist", alias="FRONTEND_DIST", description="the built UI"
    )

    @model_validator(mode="after")
    def _closed_unless_loopback(self) -> Self:
        if not self.token and not _is_loopback(self.host):
            raise ValueError("BACKEND_HOST is reachable from outside: set DDOC_TOKEN first")
        return self

    @property
    def hosts(self) -> frozenset[str]:
        """Host names that requests may be addressed to."""
        named = (h.strip().lower() for h in self.allowed_hosts.split(","))
        return frozenset({"127.0.0.1", "localhost", "[::1]", *(h for h in named if h)})


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
