"""Where a run took place: what must be stored beside every measured number."""

import os
import platform
import plistlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from mpscheck.runs.macos import macos_version, said

VARIABLES = (
    "PYTORCH_ENABLE_MPS_FALLBACK",
    "PYTORCH_MPS_PREFER_METAL",
    "PYTORCH_MPS_FAST_MATH",
    "MPSCHECK_EMU",
    "MPSCHECK_FAULTS",
)
MPSGRAPH = "/System/Library/Frameworks/MetalPerformanceShadersGraph.framework/Resources/Info.plist"


def _mpsgraph_version() -> str | None:
    try:
        return plistlib.loads(Path(MPSGRAPH).read_bytes()).get("CFBundleVersion")
    except (OSError, plistlib.InvalidFileException):
        return None


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
    if sys.platform == "darwin":
        text = said("system_profiler", "SPDisplaysDataType") or ""
        names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "Chipset Model:" in line]
        return names[0] if names else said("sysctl", "-n", "machdep.cpu.brand_string")
    return None


def collect(device: str) -> dict:
    """Provenance of a run on this machine: versions, device, operating system, environment, time (UTC)."""
    import torch

    mac = sys.platform == "darwin"
    gpu = gpu_name(device)
    return {
        "evidence": evidence_of(device),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "python": platform.python_version(),
        "device": device,
        "gpu": gpu,
        "virtual": bool(gpu and ("Paravirtual" in gpu or "Virtual" in gpu)),
        "chip": said("sysctl", "-n", "machdep.cpu.brand_string") if mac else platform.machine(),
        "system": platform.system(),
        "macos": macos_version(),
        "macos_build": said("sw_vers", "-buildVersion") if mac else None,
        "mpsgraph": _mpsgraph_version() if mac else None,
        "runner": os.environ.get("ImageOS"),
        "variables": {name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
    }


KEY = ("torch", "torch_git", "python", "device", "gpu", "chip", "system", "macos_build", "mpsgraph", "variables")


def same_environment(a: dict, b: dict) -> bool:
    """True if two runs were made on what decides the numbers: a record of one may stand for the other."""
    return all(a.get(name) == b.get(name) for name in KEY)


def run_id(provenance: dict) -> str:
    """A file name for a run: device, torch, system, GPU, Python, readable and without path separators."""
    variables = provenance["variables"]
    mode = "-".join(variables[name] for name in ("MPSCHECK_EMU", "MPSCHECK_FAULTS") if name in variables)
    system = f"macos{provenance['macos_build']}" if provenance["macos_build"] else provenance["system"].lower()
    gpu = "" if provenance["evidence"] == "emulated" else provenance["gpu"] or ""
    parts = [provenance["device"], mode, f"torch{provenance['torch']}", system, gpu, f"py{provenance['python']}"]
    text = "_".join(part for part in parts if part)
    return "".join(c if c.isascii() and (c.isalnum() or c in "._+-") else "-" for c in text)[:200]
