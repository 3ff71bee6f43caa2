"""Settings come from the environment, and unsafe ones do not start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings, is_loopback


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKSPACES_ROOT", str(tmp_path))
    monkeypatch.setenv("DDOC_PORT", "6001")
    monkeypatch.setenv("DDOC_IMPORT_ROOTS", f"{tmp_path}/a:{tmp_path}/b")
    monkeypatch.setenv("DDOC_ALLOWED_HOSTS", "localhost, ddoc-workspace")
    monkeypatch.setenv("MLFLOW_PORT", "6050")
    monkeypatch.setenv("DDOC_TOKEN", "secret")
    monkeypatch.setenv("DDOC_CLIP_WEIGHTS", "")
    settings = Settings()
    assert settings.port == 6001
    assert settings.import_roots == (tmp_path / "a", tmp_path / "b")
    assert settings.allowed_hosts == ("localhost", "ddoc-workspace")
    assert settings.tracking_uri == "http://127.0.0.1:6050"
    assert settings.clip_weights is None
    assert settings.jobs_folder == tmp_path / ".ddoc" / "jobs"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "studio.example"])
def test_an_open_bind_without_a_token_refuses_to_start(host: str) -> None:
    with pytest.raises(ValidationError, match="DDOC_TOKEN must be set"):
        Settings(host=host, token=None)
    assert Settings(host=host, token="t").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert Settings(host=host, token=None).token_text == ""


def test_every_setting_has_a_variable_and_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert isinstance(field.validation_alias, str), name
        assert field.validation_alias.isupper(), name
        assert field.description, name
        assert field.description.endswith("."), name
