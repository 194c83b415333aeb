"""Where a run took place: what must be stored beside every measured number. No names of users or of their folders."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata

from mpscheck.places import IS_CLONE, ROOT
from mpscheck.runs import machine, private
from mpscheck.runs.macos import macos_version, said

# What torch reads for mps (its page "MPS Environment Variables", and the strings of its wheels), and Metal under it. By
# form and not by a list: newer releases read more, such as PYTORCH_MPS_METAL_VERSION.
VARIABLE = re.compile(r"PYTORCH_(\w+_)?MPS(_\w+)?|MTL_\w+|MPSCHECK_(EMU|FAULTS)")
PACKAGES = ("numpy", "transformers", "transformer-lens")  # beside torch, which has fields of its own
RUN_ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/actions/runs/\d+", re.ASCII)


def best_device() -> str:
    """`mps`, else `cuda`, else `emu`: what `make verify` measures on."""
    import torch

    if torch.backends.mps.is_available():
        return "mps"
    return "cuda" if torch.cuda.is_available() else "emu"


def evidence_of(device: str) -> str:
    """The kind of evidence that a run on this device is: `emulated` on emu, `measured` elsewhere."""
    return "emulated" if device.split(":")[0] == "emu" else "measured"


def gpu_name(device: str) -> str | None:
    """The GPU's own name; None where it cannot be had."""
    kind = device.split(":")[0]
    if kind == "emu":
        from mpscheck.runs import made_of

        return f"emulated in software ({made_of.device()})"
    if kind == "cuda":
        import torch

        return torch.cuda.get_device_name()
    if kind == "mps":
        import torch

        if hasattr(torch.backends.mps, "get_name"):  # not in 2.8; the name that Metal itself gives
            return torch.backends.mps.get_name()
    return machine.displays_gpu() or machine.sysctl("machdep.cpu.brand_string") if macos_version() else None


def variables() -> dict[str, str]:
    """The variables that may change the numbers."""
    found = {
        name: value for name, value in os.environ.items() if VARIABLE.fullmatch(name) and len(name) <= 60 and value
    }
    return dict(sorted(found.items())[:40])


def packages() -> dict[str, str]:
    """The versions of the packages that matter beside torch, those that are installed."""
    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed


def commit() -> str | None:
    """The commit of this code, with a plus sign where it was changed since; None where neither git nor a wheel tells."""
    if not IS_CLONE:
        return (ROOT / "commit").read_text(encoding="utf-8") or None
    git = ("git", "-C", str(ROOT))
    if said(*git, "rev-parse", "--show-toplevel") != str(ROOT):
        return None
    head = said(*git, "rev-parse", "HEAD")
    changed = said(*git, "status", "--porcelain", "--", "src", "snippets")
    return head and head + ("+" if changed else "")


def address() -> str | None:
    """Where GitHub shows the job that this run is part of; None for a run by hand."""
    parts = [os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    url = f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}"
    return url if RUN_ADDRESS.fullmatch(url) else None


def collect(device: str) -> dict:
    """Provenance of a run on this machine: versions, device, operating system, environment, day (UTC); nothing private.

    A job of GitHub's tells the time too, which is public there; a person's run does not.
    """
    import torch

    macos, now, job = macos_version(), datetime.now(UTC), address()
    where = {
        "evidence": evidence_of(device),
        "date": now.isoformat(timespec="seconds") if job else now.date().isoformat(),
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "python": platform.python_version(),
        "packages": packages(),
        "device": device,
        "gpu": gpu_name(device),
        "virtual": machine.virtual() if macos else False,
        "chip": machine.sysctl("machdep.cpu.brand_string") if macos else platform.machine(),
        "model": machine.sysctl("hw.model") if macos else None,
        "system": platform.system(),
        "macos": macos,
        "macos_build": machine.build() if macos else None,
        "mpsgraph": machine.mpsgraph() if macos else None,
        "runner": os.environ.get("ImageOS"),
        "image": os.environ.get("ImageVersion"),
        "commit": commit(),
        "address": job,
        "variables": variables(),
    }
    return private.of_provenance(where)


# What decides the numbers. Not the packages, since a snippet imports torch alone; not the commit, since each record names
# its snippet's code; not the runner's image, whose macOS is there by its build.
KEY = (
    "torch",
    "torch_git",
    "python",
    "device",
    "gpu",
    "virtual",
    "chip",
    "model",
    "system",
    "macos_build",
    "mpsgraph",
    "variables",
)


def same_environment(a: dict, b: dict) -> bool:
    """True if two runs were made on what decides the numbers: a record of one may stand for the other."""
    return all(a.get(name) == b.get(name) for name in KEY)


def run_id(provenance: dict) -> str:
    """A file name for a run: device, torch, system, GPU and chip, Python, readable and without path separators."""
    variables = provenance["variables"]
    mode = "-".join(variables[name] for name in ("MPSCHECK_EMU", "MPSCHECK_FAULTS") if name in variables)
    system = f"macos{provenance['macos_build']}" if provenance["macos_build"] else provenance["system"].lower()
    # A virtual GPU has the same name whatever chip is under it, and a real one that of its chip.
    names = [] if provenance["evidence"] == "emulated" else [provenance["gpu"], provenance["chip"]]
    virtual = "virtual" if provenance["virtual"] else ""
    parts = [provenance["device"], mode, f"torch{provenance['torch']}", system, *dict.fromkeys(names), virtual]
    parts.append(f"py{provenance['python']}")
    text = "_".join(part for part in parts if part)
    return "".join(c if c.isascii() and (c.isalnum() or c in "._+-") else "-" for c in text)[:200]
