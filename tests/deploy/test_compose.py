"""The compose files say nothing that the image and the program do not know."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from app.main import THREADS_MAY_TAKE
from app.serving.place import REQUESTS_MAY_TAKE
from app.settings import Settings
from tests.deploy.commands import SETTINGS, parse, paths, read_settings

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "deploy" / "compose" / "cluster.yaml"
BALANCER = ROOT / "deploy" / "compose" / "balancer.cfg"
FILES = {"compose.yaml": ROOT / "compose.yaml", "cluster.yaml": CLUSTER}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
GIVEN = {"DATABASE_PASSWORD": "given"}
LONGEST_STOP = REQUESTS_MAY_TAKE + THREADS_MAY_TAKE


def interpolated(value: Any) -> Any:
    """With `${NAME}`, `${NAME:-default}` and `${NAME:?message}` filled in, as compose does."""
    if isinstance(value, dict):
        return {name: interpolated(each) for name, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each) for each in value]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if kind == ":?":
            return GIVEN[name]
        return GIVEN.get(name, rest or "")

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", fill, value)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = interpolated(yaml.safe_load(path.read_text(encoding="utf-8")))
    return found


def ours(path: Path) -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    services = read(path)["services"]
    return {name: service for name, service in services.items() if service["image"].startswith("chromalab")}


def seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)s", text)
    assert match, text
    return float(match[1])


def image_variables() -> dict[str, str]:
    """What the image sets."""
    (block,) = re.findall(r"^ENV PATH.*?(?=^\w+ )", DOCKERFILE, re.DOTALL | re.MULTILINE)
    return dict(re.findall(r"\b(\w+)=(\S+)", block))


def test_the_image_sets_what_there_is_to_set() -> None:
    found = image_variables()
    settings = read_settings(found.items())
    assert {"CHROMALAB_HOST", "CHROMALAB_PORT", "CHROMALAB_DATA_DIR"} <= set(found)
    assert re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE) == [str(settings.port)]
    assert settings.data_dir.as_posix() in re.findall(r"^VOLUME (\S+)", DOCKERFILE, re.MULTILINE)
    assert not (set(re.findall(r"CHROMALAB_\w+", DOCKERFILE)) - SETTINGS)
    assert "/healthz" in DOCKERFILE
    assert "/healthz" in paths()


@pytest.mark.parametrize("name", FILES)
def test_settings_and_commands_are_real(name: str) -> None:
    services = ours(FILES[name])
    assert services
    for service in services.values():
        read_settings((image_variables() | service["environment"]).items())
        if "command" in service:
            parse(service["command"])


@pytest.mark.parametrize("name", FILES)
def test_our_containers_may_do_next_to_nothing(name: str) -> None:
    made = set(re.findall(r"install --directory --owner=chromalab --mode=0700 (.*)", DOCKERFILE)[0].split())
    for service in ours(FILES[name]).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "/tmp" in service["tmpfs"]
        assert {volume.split(":")[1] for volume in service.get("volumes", [])} <= made, "else they are root's"
        assert not service.get("ports") or service["ports"][0].startswith("127.0.0.1:")


@pytest.mark.parametrize("name", FILES)
def test_a_container_gets_the_time_that_a_stop_takes(name: str) -> None:
    for service in ours(FILES[name]).values():
        if service.get("command", ["chromalab", "serve"]) == ["chromalab", "serve"]:
            drain = read_settings(service["environment"].items()).drain_seconds
            assert seconds(service["stop_grace_period"]) >= drain + LONGEST_STOP + 5


def test_tables_are_made_once_and_waited_for() -> None:
    services = ours(CLUSTER)
    assert set(services) == {"web", "worker", "migrate"}
    migrate = services["migrate"]
    assert migrate["command"][:2] == ["chromalab", "migrate"]
    assert migrate["restart"] == "no"
    assert migrate["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert read_settings(services[name]["environment"].items()).workers == 0
        assert services[name]["volumes"] == migrate["volumes"]
    urls = {service["environment"]["CHROMALAB_DATABASE_URL"] for service in services.values()}
    database = read(CLUSTER)["services"]["database"]["environment"]
    assert urls == {
        f"postgresql://{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}@database/{database['POSTGRES_DB']}"
    }


def test_no_password_is_written_down() -> None:
    for line in CLUSTER.read_text(encoding="utf-8").splitlines():
        if re.search("PASSWORD|SECRET|ACCESS_KEY", line) and not line.lstrip().startswith("#"):
            assert re.search(r"\$\{(DATABASE_PASSWORD:\?|AWS_\w+:-\})", line), line


def test_the_database_is_reached_from_the_network_behind_only() -> None:
    services = read(CLUSTER)["services"]
    assert services["database"]["networks"] == ["back"]
    assert services["balancer"]["networks"] == ["front"]
    assert [name for name, service in services.items() if service.get("ports")] == ["balancer"]
    subnet = read(CLUSTER)["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert services["web"]["environment"]["CHROMALAB_TRUSTED_PROXIES"] == subnet


def test_the_balancer_asks_whether_web_is_ready_and_notices_in_time() -> None:
    text = BALANCER.read_text(encoding="utf-8")
    assert re.findall(r"option httpchk GET (\S+)", text) == ["/readyz"]
    assert "/readyz" in paths()
    assert re.findall(r"server-template \S+ \S+ (\S+)", text) == [f"web:{Settings().port}"]
    (every, falls) = re.findall(r"check inter (\d+)s fall (\d+)", text)[0]
    web = ours(CLUSTER)["web"]
    drain = read_settings(web["environment"].items()).drain_seconds
    assert drain >= int(every) * (int(falls) + 2)
    (waits,) = re.findall(r"timeout server (\d+)s", text)
    assert int(waits) > Settings().picture_timeout
    assert re.findall(r"retry-on (.*)", text) == ["conn-failure"], "what was begun is not sent twice"
    assert "/readyz" in web["healthcheck"]["test"][-1]


def test_haproxy_takes_the_balancers_file() -> None:
    if shutil.which("haproxy") is None:
        pytest.skip("HAProxy is not installed")
    done = subprocess.run(["haproxy", "-c", "-f", str(BALANCER)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FILES)
def test_compose_takes_the_file(name: str) -> None:
    if (found := compose()) is None:
        pytest.skip("Docker Compose is not installed")
    command = [*found, "--file", str(FILES[name]), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **GIVEN})
    assert done.returncode == 0, done.stderr


def compose() -> list[str] | None:
    """The command of Docker Compose 2, as a plugin or by itself."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run(
                [*command, "version", "--short"], capture_output=True, text=True, check=False
            )
            if done.returncode == 0 and done.stdout.lstrip("v").startswith(("2", "3", "4", "5")):
                return command
    return None


FAKE_DOCKER = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in *"ps --quiet"*) printf 'one\\ntwo\\n' ;; *"--wait"*) exit ${WAIT_CODE:-0} ;; esac
"""


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize("becomes_ready", [True, False])
def test_new_containers_are_ready_before_old_ones_go(becomes_ready: bool, tmp_path: Path) -> None:
    docker, calls = tmp_path / "docker", tmp_path / "calls"
    docker.write_text(FAKE_DOCKER)
    docker.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "WAIT_CODE": "0" if becomes_ready else "1",
    }
    done = subprocess.run([CLUSTER.parent / "roll"], env=environment, check=False, capture_output=True)
    assert (done.returncode == 0) is becomes_ready
    said = calls.read_text().splitlines()
    verbs = [re.sub(r"^compose --file \S+ ", "", line) for line in said]
    start = "up --detach --wait --no-deps --no-recreate --scale"
    replaced = [
        [f"ps --quiet {name}", f"{start} {name}=4 {name}", "stop --time 60 one two", "rm one two"]
        for name in ("worker", "web")
    ]
    wanted = ["run --rm --no-deps migrate", *replaced[0], *replaced[1]]
    assert verbs == (wanted if becomes_ready else wanted[:3])
