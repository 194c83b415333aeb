"""The machine that a run takes place on, as macOS tells it; elsewhere, and where macOS does not answer, None: unknown.

A virtual machine says so itself (`kern.hv_vmm_present`); the name of its GPU is no sign: it may be missing or anything.
"""

import plistlib
from pathlib import Path

from mpscheck.runs.macos import said

MPSGRAPH = "/System/Library/Frameworks/MetalPerformanceShadersGraph.framework/Resources/Info.plist"


def sysctl(name: str) -> str | None:
    """One value of the kernel's, such as `hw.model`."""
    return said("sysctl", "-n", name)


def virtual() -> bool | None:
    """Whether this is a virtual machine, by its own word; None where it does not tell."""
    return {"1": True, "0": False}.get(sysctl("kern.hv_vmm_present") or "")


def build() -> str | None:
    """The build of macOS, such as "25C56"."""
    return said("sw_vers", "-buildVersion")


def displays_gpu() -> str | None:
    """The first GPU that `system_profiler` names: none on GitHub's machines, where it prints nothing (rules_mojo#56)."""
    lines = (said("system_profiler", "SPDisplaysDataType") or "").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if "Chipset Model:" in line]
    return names[0] if names else None


def mpsgraph() -> str | None:
    """The version of Apple's graph framework, out of its own plist."""
    try:
        return plistlib.loads(Path(MPSGRAPH).read_bytes()).get("CFBundleVersion")
    except (OSError, plistlib.InvalidFileException):
        return None
