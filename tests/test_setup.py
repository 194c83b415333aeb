"""Making environments: the lock, the main one, the old ones, the browser."""

import ast
import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest


@pytest.fixture
def script(root):
    """Load a script of the repository as an object with its functions."""
    return lambda name: SimpleNamespace(**runpy.run_path(str(root / "scripts" / name)))


# The lock


def test_the_lock_holds_exact_versions_and_nothing_of_one_machine(root):
    lines = (root / "requirements.lock").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[\w.]+", line)] == []
    assert "torch==2.13.0" in lines


def test_the_lock_holds_all_that_the_project_asks_for(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(name for names in project["optional-dependencies"].values() for name in names)]
    locked = {line.partition("==")[0] for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines()}
    assert [name for need in asked if (name := re.match(r"[\w-]+", need)[0]) not in locked] == []


def test_making_the_lock_portable(script):
    text = "# a comment\n--find-links /somewhere\ntorch==2.13.0+cpu\nclick==8.5.1\n\n# pip\n"
    assert script("lock.py").portable(text) == "torch==2.13.0\nclick==8.5.1\n"


# The main environment


@pytest.fixture
def setup(script, tmp_path, monkeypatch):
    """The script that makes .venv, on an empty folder; `ran` are the commands that it would have run."""
    setup = script("setup_environment.py")
    setup.ran = []

    def run(*command):
        setup.ran.append(command)
        return 0

    names = setup.main.__globals__
    monkeypatch.setitem(names, "VENV", tmp_path / ".venv")
    monkeypatch.setitem(names, "STAMP", tmp_path / ".venv" / "made-from")
    monkeypatch.setitem(names, "run", run)
    monkeypatch.setitem(names, "install", run)
    monkeypatch.setitem(names, "would_take_cuda", lambda pip: False)
    (tmp_path / ".venv").mkdir()
    return setup


def test_an_environment_is_made_once(setup):
    assert setup.main() == 0
    made = len(setup.ran)
    assert made == 4  # the environment, the lock, the model, this project
    assert setup.main() == 0
    assert len(setup.ran) == made


def test_another_lock_makes_it_anew(setup, tmp_path, monkeypatch):
    setup.main()
    made = len(setup.ran)
    other = tmp_path / "requirements.lock"
    other.write_text("click==1.0\n")
    monkeypatch.setitem(setup.main.__globals__, "LOCK", other)
    setup.main()
    assert len(setup.ran) > made


def test_an_environment_of_another_python_or_another_place_is_made_from_nothing(setup, tmp_path):
    venv = tmp_path / ".venv"
    ours = f"version = {setup.version(sys.version_info)}\ncommand = python -m venv {venv}\n"
    (venv / "pyvenv.cfg").write_text(ours)
    assert setup.is_ours(venv)
    (venv / "pyvenv.cfg").write_text(ours.replace("version = 3", "version = 2"))
    assert not setup.is_ours(venv)
    (venv / "pyvenv.cfg").write_text(ours.replace(str(tmp_path), "/elsewhere"))
    assert not setup.is_ours(venv)
    (venv / "pyvenv.cfg").unlink()
    assert not setup.is_ours(venv)


def test_what_failed_is_tried_again(setup, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(setup.main.__globals__, "install", lambda *command: 1)
    assert setup.main() == 2
    assert "pip could not install" in capsys.readouterr().err
    assert not (tmp_path / ".venv" / "made-from").exists()


def test_where_pip_would_take_the_cuda_build_uv_fetches_the_cpu_build_first(setup, monkeypatch):
    monkeypatch.setitem(setup.main.__globals__, "would_take_cuda", lambda pip: True)
    assert setup.main() == 0
    _, uv, torch, lock, *_ = setup.ran
    assert uv[-1].startswith("uv>=")
    assert torch[0].endswith("/bin/uv")
    assert torch[-4:] == ("--torch-backend", "cpu", "--no-deps", "torch==2.13.0")
    assert "-r" in lock  # in which pip finds that torch installed


def test_where_that_fails_nothing_of_gigabytes_is_downloaded(setup, monkeypatch, capsys):
    def install(*command):
        setup.ran.append(command)
        return int("--torch-backend" in command)

    monkeypatch.setitem(setup.main.__globals__, "would_take_cuda", lambda pip: True)
    monkeypatch.setitem(setup.main.__globals__, "install", install)
    assert setup.main() == 2
    assert "install the CPU build of torch==2.13.0" in capsys.readouterr().err
    assert not any("-r" in command for command in setup.ran)


def test_an_old_python_is_told_in_one_sentence(setup, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    assert setup.main() == 2
    assert capsys.readouterr().err == "Python 3.11.5 or newer is needed, and python3 is 3.9.18.\n"


def test_pip_is_silent_until_it_fails(script, capsys):
    install = script("setup_environment.py").install
    code = "import sys; print('Collecting a'); print('because of this', file=sys.stderr); sys.exit({})"
    assert install(sys.executable, "-c", code.format(0)) == 0
    assert capsys.readouterr().err == ""
    assert install(sys.executable, "-c", code.format(5)) == 5
    assert "because of this" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("needs", "cuda"),
    [
        (["filelock", "sympy>=1.13.3"], False),
        (["filelock", 'nvidia-cudnn-cu13==9.20.0; platform_system == "Linux"'], True),
        (["cuda-toolkit[cublas]==13.0.3"], True),
    ],
)
def test_a_cuda_build_is_known_by_what_it_requires(script, needs, cuda):
    report = {"install": [{"metadata": {"name": "torch", "requires_dist": needs}}]}
    assert script("setup_environment.py").needs_cuda(report) is cuda


# Environments of the macOS jobs


@pytest.fixture
def environment(root):
    """Run the script that makes them; the finished process."""
    command = [sys.executable, str(root / "scripts/ci/environment.py")]
    return lambda *arguments: subprocess.run([*command, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize(("torch", "numpy"), [("2.0.1", "numpy<2"), ("2.2.2", "numpy<2"), ("2.8.0", "numpy")])
def test_an_old_torch_gets_an_old_numpy(environment, torch, numpy):
    done = environment("--dry-run", f"torch-{torch}")
    assert done.returncode == 0 and done.stdout.split()[:2] == [f"torch=={torch}", numpy]


def test_the_reporters_environment_is_pinned(root, environment):
    pins = root / "scripts/ci/reporter.txt"
    assert environment("--dry-run", "reporter").stdout == f"-r {pins}\n"
    lines = pins.read_text(encoding="utf-8").splitlines()
    assert {"torch==2.8.0", "transformer-lens==2.17.0"} <= set(lines)
    assert all("==" in line or line.startswith("#") for line in lines)


@pytest.mark.parametrize("name", ["torch-latest", "torch-2.8", "../torch-2.8.0", "nothing"])
def test_an_unknown_environment_is_refused_in_one_sentence(environment, name):
    done = environment(name)
    assert done.returncode == 2 and done.stderr.startswith("There is no environment") and done.stderr.count("\n") == 1


def test_planning_and_publishing_get_no_torch(root, environment, script):
    tool, ours = environment("--dry-run", "no-torch").stdout.splitlines()
    assert tool.split() == list(script("ci/environment.py").TOOL) and ours == f"--no-deps --editable {root}"


PYTHON_WITH_A_BAD_NETWORK = """#!/bin/sh
echo "$@" >> {folder}/log
[ "$2" = venv ] && mkdir -p "$4/bin" && exec cp "$0" "$4/bin/python"
[ $(grep -c "pip install" {folder}/log) -gt {failures} ]
"""


@pytest.mark.parametrize(("failures", "code", "calls"), [(0, 0, 2), (1, 0, 3), (2, 2, 2)])
def test_a_call_of_pip_that_fails_is_tried_once_more(script, monkeypatch, tmp_path, failures, code, calls):
    python = tmp_path / "python"
    python.write_text(PYTHON_WITH_A_BAD_NETWORK.format(folder=tmp_path, failures=failures))
    python.chmod(0o755)
    ci = script("ci/environment.py")
    monkeypatch.setitem(ci.main.__globals__, "FOLDER", tmp_path / "envs")
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "argv", ["environment.py", "no-torch"])
    assert ci.main() == code
    assert (tmp_path / "log").read_text().count("pip install") == calls


def test_a_job_gets_all_that_the_project_needs_at_run_time(root, script):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {*script("ci/environment.py").TOOL, "torch"} == set(project["dependencies"])


def test_each_dependency_is_one_that_the_package_imports(root):
    """What nothing imports is a download for nothing; what is imported and not named breaks a fresh environment."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    of_opinfo = {"expecttest", "numpy"}  # torch's own samples for its tests import them
    named = {"pyyaml": "yaml", "jsonschema-rs": "jsonschema_rs"}  # by another name than its package's
    imported = set()
    for path in (root / "src" / "mpscheck").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            imported |= {module.partition(".")[0] for module in modules}
    names = [re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]]
    assert {named.get(name, name) for name in names} - of_opinfo <= imported


def test_a_run_needs_nothing_but_the_dependencies(python, root, tmp_path):
    """Neither the process that is started nor its workers import what `mpscheck run` does not ask for."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['scipy'] = sys.modules['transformers'] = None\n"
    )
    out = tmp_path / "run.json"
    command = ["-m", "mpscheck.cli", "run", "rand-5d-batches-identical", "--device", "emu", "--out", str(out)]
    done = python(*command, PYTHONPATH=f"{tmp_path}:{root / 'scripts'}")
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["records"][0]["attempts"][0]["outcome"] == "measured"


@pytest.mark.parametrize(
    "name",
    [
        "scripts/ci/environment.py",
        "scripts/ci/fetch_model.py",
        "scripts/ci/reporter.py",
        "snippets/validate_mps.py",
        "src/mpscheck/known/cause.py",
    ],
)
def test_what_runs_in_the_reporters_environment_is_for_python_3_9(root, name):
    vermin = shutil.which("vermin", path=str(root / ".venv" / "bin")) or shutil.which("vermin")
    done = subprocess.run([vermin, "--no-tips", "--violations", "-t=3.9-", root / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# The browser


def test_a_browser_named_in_the_variable_is_taken(script, monkeypatch, tmp_path):
    browser = tmp_path / "my-browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    assert script("chromium.py").find() == str(browser)


def test_without_a_browser_and_without_rights_one_sentence(script, monkeypatch, capsys):
    chromium = script("chromium.py")
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert chromium.main() == 2
    assert "apt-get install chromium fonts-dejavu-core" in capsys.readouterr().err


def test_as_root_it_is_installed_by_apt(script, monkeypatch, capfd, tmp_path):
    """With an apt-get that does what Debian's would: put the program on the path."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\ncase "$*" in *"install"*chromium*) echo "#!" > {tmp_path}/chromium; /bin/chmod +x {tmp_path}/chromium;; esac\n'
    )
    apt.chmod(0o755)
    assert script("chromium.py").main() == 0
    assert capfd.readouterr().out == f"{tmp_path}/chromium\n"
