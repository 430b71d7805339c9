"""The Kubernetes manifests: whole, hardened, and about settings, commands, ports and paths that there are."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from app import __version__
from app.jobs.worker.process import STEPS_MAY_TAKE
from app.main import THREADS_MAY_TAKE
from app.serving.place import REQUESTS_MAY_TAKE
from app.settings import MIB, Settings
from tests.deploy.commands import parse, paths, read_settings
from tests.deploy.test_compose import DOCKERFILE, ROOT

HERE = ROOT / "deploy" / "kubernetes"
KUSTOMIZATIONS = sorted(HERE.rglob("kustomization.yaml"))
OVERLAYS = ("small", "production")
DEPLOYING = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
(USER,) = re.findall(r"useradd .*--uid (\d+)", DOCKERFILE)
Manifest = dict[str, Any]


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda path: path.parent.name)
def test_every_file_is_there_and_used(path: Path) -> None:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    patches = [patch["path"] for patch in told.get("patches", []) if "path" in patch]
    named = [*told.get("resources", []), *told.get("components", []), *patches]
    for name in named:
        assert (path.parent / name).exists(), name
        assert (path.parent / name).is_file() or (path.parent / name / "kustomization.yaml").is_file(), name
    files = {each.name for each in path.parent.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == {name for name in named if name.endswith(".yaml")}


@cache
def built(overlay: str) -> tuple[Manifest, ...]:
    """An overlay as kustomize puts it together."""
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]):
            done = subprocess.run(
                [*command, str(HERE / "overlays" / overlay)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return tuple(yaml.safe_load_all(done.stdout))
    pytest.skip("neither kustomize nor kubectl is installed")


def of_kind(overlay: str, *kinds: str) -> list[Manifest]:
    return [manifest for manifest in built(overlay) if manifest["kind"] in kinds]


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    for manifest in of_kind(overlay, "Deployment", "Job"):
        yield manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def variables(overlay: str, container: Manifest) -> dict[str, str]:
    """What the container finds in its environment; secrets as what they should be."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            found |= maps[source["configMapRef"]["name"]]
    for each in container.get("env", []):
        secret = each.get("valueFrom", {}).get("secretKeyRef")
        found[each["name"]] = f"postgresql://{secret['name']}/{secret['key']}" if secret else each["value"]
    return found


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_and_commands_are_real(overlay: str) -> None:
    for _, pod in pods(overlay):
        for container in containers(pod):
            read_settings(variables(overlay, container).items())
            parse(container["args"])
            assert "command" not in container
            assert container["image"] == f"chromalab:{__version__}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_may_do_next_to_nothing(overlay: str) -> None:
    for name, pod in pods(overlay):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, "or CHROMALAB_PORT is an address"
        user = pod["securityContext"]
        assert (user["runAsNonRoot"], user["runAsUser"]) == (True, int(USER)), name
        assert user["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
            mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
            assert mounts <= {volume["name"] for volume in pod.get("volumes", [])}
    (space,) = of_kind(overlay, "Namespace")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"]["namespace"] for each in built(overlay) if each["kind"] != "Namespace"} == {
        space["metadata"]["name"]
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_for_what_is_answered(overlay: str) -> None:
    (web,) = (pod for name, pod in pods(overlay) if name == "chromalab-web")
    (container,) = web["containers"]
    asked = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")
    }
    assert asked == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert set(asked.values()) <= paths()
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": Settings().port}
    (service,) = of_kind(overlay, "Service")
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_get_the_time_that_a_stop_takes(overlay: str) -> None:
    for name, pod in pods(overlay):
        settings = read_settings(variables(overlay, pod["containers"][0]).items())
        if name == "chromalab-web":
            longest = settings.drain_seconds + REQUESTS_MAY_TAKE + THREADS_MAY_TAKE + 5
            assert pod["terminationGracePeriodSeconds"] >= longest
            assert settings.drain_seconds >= 5, "the cluster takes a while to send requests elsewhere"
        elif name == "chromalab-worker":
            assert pod["terminationGracePeriodSeconds"] >= STEPS_MAY_TAKE + 20


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_memory_allows_what_the_settings_allow(overlay: str) -> None:
    for _, pod in pods(overlay):
        for container in pod["containers"]:
            settings = read_settings(variables(overlay, container).items())
            runs = {"serve": settings.workers, "worker": 1}.get(container["args"][1], 0)
            needed = runs * settings.worker_processes * settings.worker_memory_bytes
            assert memory(container["resources"]["limits"]["memory"]) > needed


def memory(text: str) -> int:
    amount, unit = re.fullmatch(r"(\d+)(Mi|Gi)", text).groups()  # type: ignore[union-attr]
    return int(amount) * MIB * (1024 if unit == "Gi" else 1)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_referred_to_is_there_or_told_of(overlay: str) -> None:
    deployments = of_kind(overlay, "Deployment")
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in deployments]
    for each in of_kind(overlay, "Service", "PodDisruptionBudget"):
        wanted = each["spec"]["selector"]
        wanted = wanted.get("matchLabels", wanted)
        assert sum(wanted.items() <= found.items() for found in labels) == 1, each["metadata"]["name"]
    for each in of_kind(overlay, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]["name"]
        (scaled,) = (found for found in deployments if found["metadata"]["name"] == target)
        assert "replicas" not in scaled["spec"], "or each apply undoes what the autoscaler did"
    claims = {each["metadata"]["name"] for each in of_kind(overlay, "PersistentVolumeClaim")}
    accounts = {each["metadata"]["name"] for each in of_kind(overlay, "ServiceAccount")}
    for _, pod in pods(overlay):
        volumes = pod.get("volumes", [])
        used = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in volumes
            if len(volume) == 2 and "persistentVolumeClaim" in volume
        }
        assert used <= claims
        assert pod["serviceAccountName"] in accounts
        for container in containers(pod):
            for each in container.get("env", []):
                assert f"`{each['valueFrom']['secretKeyRef']['name']}`" in DEPLOYING
            for source in container.get("envFrom", []):
                if "secretRef" in source:
                    assert f"`{source['secretRef']['name']}`" in DEPLOYING
    assert not of_kind(overlay, "Secret"), "secrets are the operator's to make"


def test_tables_are_made_once_and_waited_for() -> None:
    (job,) = of_kind("production", "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["args"][:2] == ["chromalab", "migrate"]
    for deployment in of_kind("production", "Deployment"):
        (waits,) = deployment["spec"]["template"]["spec"]["initContainers"]
        assert waits["args"][:3] == ["chromalab", "migrate", "--check"]
        rolling = deployment["spec"]["strategy"]["rollingUpdate"]
        assert (rolling["maxSurge"], rolling["maxUnavailable"]) == (1, 0)
        settings = read_settings(
            variables("production", deployment["spec"]["template"]["spec"]["containers"][0]).items()
        )
        assert settings.workers == 0
        assert settings.database_url is not None
        assert settings.storage_url.startswith("s3://")


def test_one_host_with_sqlite_is_never_two() -> None:
    (web,) = of_kind("small", "Deployment")
    assert web["spec"]["strategy"] == {"type": "Recreate"}
    assert web["spec"]["replicas"] == 1
    settings = read_settings(variables("small", web["spec"]["template"]["spec"]["containers"][0]).items())
    assert (settings.workers, settings.database_url) == (1, None)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_clusters_own_schemas_take_them(overlay: str) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for manifest in built(overlay):
        validate.validate(manifest, "1.31", strict=True)
