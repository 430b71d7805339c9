"""Every setting once, read from the environment as CHROMALAB_<NAME>; `chromalab settings` shows them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from limits import parse_many
from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import resources
from app.machine import available_cpus, default_processes

ENV_PREFIX = "CHROMALAB_"
CLIENT_VARIABLES = frozenset({ENV_PREFIX + "API_KEY"})
"""Variables that `chromalab colorize --server` reads, not the service."""
MIB = 1024 * 1024


def _split(value: Any) -> Any:
    """Accept `a, b` for a list, as people write it in an environment variable."""
    if isinstance(value, str):
        return [part for part in (part.strip() for part in value.split(",")) if part]
    return value


Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """The settings of one running service; unknown or impossible values are refused at start-up."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; `0.0.0.0` for all.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    processes: Count = Field(
        default_factory=default_processes,
        description="Web processes that serve together; one a CPU and a GiB of memory unless set, up to 4.",
    )
    models_dir: Path = Field(
        default_factory=resources.models_dir,
        description="Folder of trained models, a sub-folder each; those shipped with Chromalab unless set.",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("chromalab", appauthor=False),
        description="Folder for what must survive a restart, jobs above all; in the user's own unless set.",
    )
    drain_seconds: int = Field(
        0,
        ge=0,
        le=300,
        description="Seconds that it serves on when told to stop, while `/readyz` answers 503 so that "
        "whoever spreads the requests sends them elsewhere.",
    )
    preload: bool = Field(True, description="Load the default model in the background right after start-up.")
    threads: Count = Field(
        default_factory=available_cpus,
        description="Threads of one network pass; the CPUs granted to this process unless set.",
    )
    backend: Literal["auto", "eager", "eager-bf16", "openvino", "openvino-bf16", "openvino-f16", "cuda"] = (
        Field(
            "auto",
            description="What runs the networks: `auto` measures each at its first use and takes the fastest "
            "that keeps float32's colours; `openvino` needs the extra of that name.",
        )
    )
    queue_size: Count = Field(16, description="Pictures that may wait for one model; more are answered 503.")
    max_batch: Count = Field(32, description="Small pictures put through a network together, at most.")
    max_concurrent_pictures: Count = Field(
        2, description="Pictures decoded, coloured and encoded at full size at the same time."
    )
    picture_timeout: Count = Field(
        60, description="Seconds within which a picture is coloured; the one who asked is then answered 503."
    )
    max_body_bytes: Count = Field(
        64 * MIB, description="Largest request body in bytes; larger ones are answered 413."
    )
    max_pixels: Count = Field(
        100_000_000, description="Largest picture in pixels; larger ones are answered 413 before decoding."
    )
    api_keys_file: Path | None = Field(
        None, description="File of hashed API keys; when set, everything but health checks asks for a key."
    )
    rate_limit: str = Field(
        "",
        description="Requests a client may make, as `60/minute` or `5/second;1000/day`; empty for no limit.",
    )
    allowed_hosts: Names = Field(
        ["*"],
        description="Host names it answers to, comma-separated; `*.example.org` for all below, `*` for any.",
    )
    trusted_proxies: Names = Field(
        ["127.0.0.1", "::1"],
        description="Addresses of proxies whose X-Forwarded-For and -Proto are believed, comma-separated.",
    )
    strict_transport: Literal["subdomains", "host", "off"] = Field(
        "subdomains",
        description="Who else than this host is for HTTPS only, once a browser has come by HTTPS: its "
        "sub-domains too, the `host` alone, or `off` to promise nothing.",
    )
    cors_origins: Names = Field(
        [],
        description="Other sites whose pages may call the API, as `https://example.org`, comma-separated.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database of jobs, as `postgresql://user:password@host/name` or `sqlite:////path`; "
        "a SQLite file in the data folder unless set.",
    )
    datasets_dir: Path | None = Field(
        None,
        description="Folder with CIFAR-10 for training in the lab, which makes its own pictures without.",
    )
    demo_packages: Names = Field(
        [], description="Python packages whose modules hold further demos, comma-separated."
    )
    workers: int = Field(
        1, ge=0, description="Workers that `serve` starts and watches; 0 leaves jobs to `chromalab worker`."
    )
    worker_slots: Count = Field(8, description="Jobs that a worker has under way at the same time.")
    worker_processes: Count = Field(
        2, description="Processes of a worker that take turns at the steps of its jobs."
    )
    worker_threads: Count = Field(
        1, description="Threads of each such process; another number can change the last bits of a training."
    )
    worker_niceness: int = Field(
        10, ge=0, le=19, description="How far such a process stands back behind others for the CPU."
    )
    worker_memory_bytes: int = Field(
        2048 * MIB,
        ge=256 * MIB,
        description="Memory such a process may take; a job that needs more fails. Kept on Linux.",
    )
    step_timeout: Count = Field(60, description="Seconds that one step of a job may take.")
    job_timeout: Count = Field(7200, description="Seconds that the steps of a job may take in all.")
    max_attempts: Count = Field(
        5, description="Times that the same step of a job is begun, should its worker die of it each time."
    )
    max_jobs: Count = Field(1000, description="Jobs queued and running; more are answered 503.")
    max_jobs_per_client: Count = Field(
        500, description="Jobs of one client queued and running; more are answered 429."
    )
    job_retention_days: Count = Field(30, description="Days after which a finished job is removed.")
    storage_url: str = Field(
        "",
        description="Where pictures of batches are kept, the same for all hosts: a folder, or an address "
        "such as `s3://bucket/prefix` that is this service's alone; `batches` in the data folder unless set.",
    )
    batch_max_files: Count = Field(500, description="Pictures in a batch; more are answered 422.")
    batch_max_bytes: Count = Field(
        1024 * MIB, description="Largest request body of a batch in bytes; larger ones are answered 413."
    )
    batch_storage_bytes: Count = Field(
        20 * 1024 * MIB,
        description="Bytes of uploaded pictures that are kept in all; batches beyond are answered 503.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="Log lines for people, or one JSON each."
    )
    metrics_enabled: bool = Field(True, description="Serve Prometheus metrics at `/metrics`.")
    traces_enabled: bool = Field(
        False,
        description="Send OpenTelemetry traces to where the `OTEL_EXPORTER_OTLP_…` variables say; "
        "needs the extra `traces`.",
    )

    @field_validator("rate_limit")
    @classmethod
    def _rate_limit_is_readable(cls, value: str) -> str:
        if value.strip():
            try:
                parse_many(value)
            except ValueError:
                raise ValueError("is not a rate such as 60/minute or 5/second;1000/day") from None
        return value.strip()

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: SecretStr | None) -> SecretStr | None:
        kinds = ("postgresql://", "postgres://", "sqlite:///")
        if value is not None and not value.get_secret_value().startswith(kinds):
            raise ValueError("starts with none of " + ", ".join(kinds))
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts_are_patterns(cls, value: list[str]) -> list[str]:
        for pattern in value:
            if (
                "*" in pattern
                and pattern != "*"
                and not (pattern.startswith("*.") and "*" not in pattern[1:])
            ):
                raise ValueError(f"{pattern!r}: a wildcard stands alone or leads, as in *.example.org")
        return value or ["*"]


def as_variables(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    """Some of the settings, as another process finds them in its environment."""
    return {ENV_PREFIX + name.upper(): str(getattr(settings, name)) for name in names}


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none, such as a misspelt one."""
    known = CLIENT_VARIABLES | {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(
        name for name in environment if name.upper().startswith(ENV_PREFIX) and name.upper() not in known
    )
