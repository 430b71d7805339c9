"""What the service's code does not do at all: shown by its source, so that it stays so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "app").rglob("*.py"))
}
CLIENT = "app/cli/client.py"
"""The command line's client of a service, which the service itself never runs."""
PINNED_PICKLE = "app/training/pretrained.py"
"""Training reads one, whose bytes its recipe pins by SHA-256; no service does."""


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Dotted name and node of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def imported(tree: ast.AST) -> set[str]:
    """Modules that a file imports, and what it takes from them, dotted."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


CALLS = {path: list(called(tree)) for path, tree in FILES.items()}
IMPORTS = {path: imported(tree) for path, tree in FILES.items()}


def users(*modules: str) -> set[str]:
    """Files that import one of these modules, or anything from it."""

    def uses(name: str) -> bool:
        return any(name == module or name.startswith(f"{module}.") for module in modules)

    return {path for path, names in IMPORTS.items() if any(map(uses, names))}


def callers(*names: str) -> set[str]:
    """Files that call one of these functions."""
    return {path for path, calls in CALLS.items() if any(name in names for name, _ in calls)}


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def test_the_code_is_there() -> None:
    assert len(FILES) > 200
    assert callers("hashlib.sha256") and users("sqlalchemy"), "the search finds what there is"


def test_no_text_is_run_as_code() -> None:
    assert callers("eval", "exec", "compile", "__import__", "sympify", "sympy.sympify") == set()


def test_nothing_is_unpickled() -> None:
    assert users("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml") == set()
    assert callers("torch.load", "np.load", "numpy.load") <= {PINNED_PICKLE}


def test_nothing_that_comes_from_outside_is_parsed_as_xml() -> None:
    """The one file that is read as XML is a network that OpenVINO has just written."""
    own = {"app/colorizing/backends/conversion.py"}
    assert users("xml", "lxml", "defusedxml", "bs4") <= own


def test_no_shell_is_asked() -> None:
    assert callers("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput") == set()
    for path, calls in CALLS.items():
        for name, call in calls:
            assert keyword(call, "shell") is None, (path, name)
            if name in {"subprocess.run", "subprocess.Popen", "subprocess.check_output"}:
                assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), (path, "a list of words")


def test_no_sql_is_put_together_from_values() -> None:
    """A text of SQL is written down, or put together from names in capitals, which are constants."""
    for path, calls in CALLS.items():
        for name, call in calls:
            if name.rpartition(".")[2] not in {"execute", "executescript", "executemany", "text", "scalar"}:
                continue
            for part in ast.walk(call.args[0]) if call.args else ():
                if isinstance(part, ast.FormattedValue):
                    assert ast.unparse(part.value).isupper(), (path, ast.unparse(call))


def test_templates_come_from_files() -> None:
    assert callers("from_string", "env.from_string", "Template", "jinja2.Template") == set()
    assert users("jinja2") == {"app/pages/render.py"}


def test_the_service_opens_no_connection_that_anybody_asks_for() -> None:
    assert users("httpx", "httpx2", "requests", "aiohttp", "urllib.request", "http.client") == {CLIENT}
    assert users("smtplib", "ftplib", "telnetlib", "imaplib", "poplib", "xmlrpc") == set()
    assert callers("socket.create_connection", "asyncio.open_connection", "urlopen") == set()
    assert users("fsspec") == {"app/jobs/storage.py"}, "whose address is a setting"


def test_the_client_follows_no_redirect_and_checks_certificates() -> None:
    calls = [call for name, call in CALLS[CLIENT] if name == "httpx2.Client"]
    assert len(calls) == 1
    assert {each.arg for each in calls[0].keywords}.isdisjoint({"follow_redirects", "verify", "trust_env"})


def test_no_broken_hash_and_no_home_made_cipher() -> None:
    assert callers("hashlib.md5", "hashlib.sha1", "hashlib.new") == set()
    assert users("Crypto", "cryptography", "hmac", "ssl", "random.SystemRandom") == set()


def test_what_must_not_be_guessed_is_from_the_system_s_generator() -> None:
    assert users("uuid") <= {"app/pages/lab/demo.py"}, "a form's key against sending it twice"
    assert "app/keys.py" in callers("secrets.token_urlsafe")
    assert {"app/jobs/desk.py", "app/batches/service.py"} <= callers("token_hex")


def test_log_lines_go_to_standard_error_alone() -> None:
    assert users("logging.handlers", "syslog") == set()
    assert callers("logging.FileHandler", "logging.basicConfig") == set()


@pytest.mark.parametrize("made", ["FastAPI", "uvicorn.Config"])
def test_no_debug_mode(made: str) -> None:
    calls = [call for found in CALLS.values() for name, call in found if name == made]
    assert calls
    assert all({"debug", "reload"}.isdisjoint(str(each.arg) for each in call.keywords) for call in calls)


def test_scripts_keep_nothing_in_the_browser_and_listen_to_no_other_window() -> None:
    scripts = list((ROOT / "static" / "js").rglob("*.js"))
    assert len(scripts) > 20
    kept = ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches.open", "serviceWorker")
    other = ("postMessage", '"message"', "window.opener", "eval(", "new Function", "importScripts")
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not [word for word in (*kept, *other) if word in text], script.name
