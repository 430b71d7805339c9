"""Settings: read from the environment, validated, documented."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import ENV_PREFIX, Settings, unknown_variables


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(ENV_PREFIX + name.upper(), raising=False)


def test_defaults_are_safe_and_work() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.cors_origins == []
    assert settings.threads >= 1
    assert settings.models_dir.name == "models"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_does_in_a_line(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description and description.endswith(".") and "\n" not in description


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "PORT": "9",
        "MODELS_DIR": "/m",
        "ALLOWED_HOSTS": " a , *.b.org,",
        "METRICS_ENABLED": "false",
        "HOST": "",
    }
    for name, value in values.items():
        monkeypatch.setenv(ENV_PREFIX + name, value)
    settings = Settings()
    assert settings.port == 9
    assert settings.models_dir == Path("/m")
    assert settings.allowed_hosts == ["a", "*.b.org"]
    assert settings.metrics_enabled is False
    assert settings.host == "127.0.0.1", "an empty variable is as good as none"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("threads", "0"),
        ("queue_size", "-1"),
        ("max_pixels", "many"),
        ("rate_limit", "often"),
        ("rate_limit", "60/fortnight"),
        ("allowed_hosts", "a.*.org"),
        ("allowed_hosts", "*a.org"),
        ("log_level", "loud"),
        ("log_format", "xml"),
    ],
)
def test_values_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(ENV_PREFIX + name.upper(), value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"] == (name,)


@pytest.mark.parametrize("rates", ["60/minute", "5/second;1000/day", "1 per hour"])
def test_rates(rates: str) -> None:
    assert Settings(rate_limit=rates).rate_limit == rates


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_misspelt_variables_are_noticed() -> None:
    environment = {"CHROMALAB_PORT": "1", "CHROMALAB_PROT": "1", "chromalab_host": "x", "PATH": "/"}
    assert unknown_variables(environment) == ["CHROMALAB_PROT"]
