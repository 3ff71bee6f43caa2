"""Settings, read from the environment once. README's table is made of these fields' names and descriptions."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

GIB = 1 << 30


class Settings(BaseSettings):
    """Settings of the ddoc-workspace service. Every field can be set by the variable that its alias names."""

    model_config = SettingsConfigDict(
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        arbitrary_types_allowed=True,
    )

    workspaces_root: Path = Field(
        default=Path("workspaces"),
        validation_alias="WORKSPACES_ROOT",
        description="Folder of all workspaces; the service's own state lies in its `.ddoc/`.",
    )
    mlruns_root: Path = Field(
        default=Path("mlruns"),
        validation_alias="MLRUNS_ROOT",
        description="Folder of MLflow's runs and artifacts.",
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias="DDOC_HOST",
        description="Address to listen on. Anything but loopback needs `DDOC_TOKEN`.",
    )
    port: int = Field(
        default=5001,
        ge=0,
        le=65535,
        validation_alias="DDOC_PORT",
        description="Port of the ddoc-workspace service.",
    )
    mlflow_port: int = Field(
        default=5050, ge=1, le=65535, validation_alias="MLFLOW_PORT", description="Port of the MLflow server."
    )
    mlflow_tracking_uri: str = Field(
        default="",
        validation_alias="MLFLOW_TRACKING_URI",
        description="Address of the MLflow server; by default loopback at `MLFLOW_PORT`.",
    )
    token: SecretStr | None = Field(
        default=None,
        validation_alias="DDOC_TOKEN",
        description="Bearer token that every request needs (also the key of the backend's signature).",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("localhost", "127.0.0.1", "::1"),
        validation_alias="DDOC_ALLOWED_HOSTS",
        description="Host names that requests may carry, separated by commas.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        validation_alias="DDOC_ALLOWED_ORIGINS",
        description="Origins beside the service's own that may change state, separated by commas.",
    )
    import_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        validation_alias="DDOC_IMPORT_ROOTS",
        description="Folders whose contents may be registered or added by path, separated by `:`.",
    )
    remote: str = Field(
        default="",
        validation_alias="DDOC_REMOTE",
        description="DVC remote (a folder or URL) that push and pull use unless a request names another.",
    )
    database_url: str = Field(
        default="",
        validation_alias="DDOC_DATABASE_URL",
        description="Database of the catalog and jobs; by default SQLite below `WORKSPACES_ROOT/.ddoc`.",
    )
    clip_weights: Path | None = Field(
        default=None,
        validation_alias="DDOC_CLIP_WEIGHTS",
        description="File with the weights of the `clip` encoder.",
    )
    clip_int8: Path | None = Field(
        default=None,
        validation_alias="DDOC_CLIP_INT8",
        description="Folder of the 8-bit model that `ddoc quantize` made of those weights; `clip` then encodes images with it.",
    )
    allow_downloads: bool = Field(
        default=False,
        validation_alias="DDOC_ALLOW_DOWNLOADS",
        description="Whether model weights may be downloaded when neither file nor cache has them.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        validation_alias="DDOC_WORKERS",
        description="Worker processes of one job; 0 = one per core.",
    )
    max_upload_bytes: int = Field(
        default=100 * GIB,
        ge=1,
        validation_alias="DDOC_MAX_UPLOAD_BYTES",
        description="Largest upload, in bytes.",
    )
    max_body_bytes: int = Field(
        default=32 * (1 << 20),
        ge=1024,
        validation_alias="DDOC_MAX_BODY_BYTES",
        description="Largest JSON request body, in bytes.",
    )
    max_active_jobs: int = Field(
        default=1000,
        ge=1,
        validation_alias="DDOC_MAX_ACTIVE_JOBS",
        description="Most jobs queued or running at once.",
    )
    min_free_bytes: int = Field(
        default=GIB,
        ge=0,
        validation_alias="DDOC_MIN_FREE_BYTES",
        description="Free disk space below which nothing large is started, in bytes.",
    )
    job_cancel_grace: float = Field(
        default=2.0,
        ge=0,
        validation_alias="DDOC_JOB_CANCEL_GRACE",
        description="Seconds a cancelled job may take to stop by itself before it is terminated; the same again before it is killed.",
    )
    job_retention_days: float = Field(
        default=30,
        gt=0,
        validation_alias="DDOC_JOB_RETENTION_DAYS",
        description="Days that ended jobs stay listed.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        validation_alias="DDOC_LOG_FORMAT",
        description="Form of the log lines: `text` or `json`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="DDOC_LOG_LEVEL", description="Least level that is logged."
    )

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return _split(value, ",")

    @field_validator("import_roots", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return _split(value, os.pathsep)

    @field_validator("workspaces_root", "mlruns_root", "clip_weights", "clip_int8", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().resolve()

    @field_validator("import_roots", mode="after")
    @classmethod
    def _absolute_roots(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path.expanduser().resolve() for path in value)

    @model_validator(mode="after")
    def _never_open_to_the_network_without_a_token(self) -> Self:
        if not self.token_text and not is_loopback(self.host):
            raise ValueError("DDOC_HOST is not loopback, so DDOC_TOKEN must be set")
        return self

    @property
    def token_text(self) -> str:
        """The bearer token in the clear; empty when none is set."""
        return "" if self.token is None else self.token.get_secret_value()

    @property
    def state_folder(self) -> Path:
        """The service's own folder: catalog, job folders, datasets, uploads, trash."""
        return self.workspaces_root / ".ddoc"

    @property
    def datasets_folder(self) -> Path:
        """One root per ingested dataset."""
        return self.state_folder / "datasets"

    @property
    def uploads_folder(self) -> Path:
        """Uploaded files before they are ingested."""
        return self.state_folder / "uploads"

    @property
    def drift_folder(self) -> Path:
        """One folder per drift report."""
        return self.state_folder / "drift"

    @property
    def guards_folder(self) -> Path:
        """One folder per drift guard."""
        return self.state_folder / "guards"

    @property
    def trash_folder(self) -> Path:
        """Deleted workspaces and datasets, for seven days."""
        return self.state_folder / "trash"

    @property
    def jobs_folder(self) -> Path:
        """One folder per job: its log and scratch files."""
        return self.state_folder / "jobs"

    @property
    def tracking_uri(self) -> str:
        """The address of the MLflow server."""
        return self.mlflow_tracking_uri or f"http://127.0.0.1:{self.mlflow_port}"


def is_loopback(host: str) -> bool:
    """Tell whether `host` (a name or an address) can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _split(value: object, separator: str) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(separator) if part.strip())
    return value
