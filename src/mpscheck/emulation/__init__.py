"""A second torch device in software, `emu`, and the faults it can be given.

`MPSCHECK_EMU=1` gives a healthy device, `MPSCHECK_EMU=honest` a healthy one with other arithmetic, and
`MPSCHECK_FAULTS=<slug or file.py>,…` a sick one. torch finds it by its own entry point, so any script can say
`device="emu"`.
"""

import os


def autoload() -> None:
    """Called by `import torch` in every program: register `emu` only where it was asked for.

    A registered backend changes what other people's code sees (`torch.accelerator`, `DataLoader(pin_memory=True)`).
    """
    mode = os.environ.get("MPSCHECK_EMU") or "0"
    faults = os.environ.get("MPSCHECK_FAULTS")
    if mode not in ("0", "1", "honest"):
        raise SystemExit(f"MPSCHECK_EMU={mode!r} is not known: say 1 (healthy) or honest (healthy, other arithmetic)")
    if mode == "0" and not faults:
        return
    from mpscheck.emulation.device import register

    register(honest=mode == "honest")
    if faults:
        from mpscheck.emulation.faults import activate

        activate(faults)


# At the end: torch calls `autoload`. Whoever imports a module of this package before torch then finds the device whole.
import torch  # noqa: E402, F401
