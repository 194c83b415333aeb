"""Making `device="emu"` usable: registering it with torch, and what `torch.emu` offers.

Uses torch's own registration of Python backends (`_setup_privateuseone_for_python_backend`, torch ≥ 2.10, experimental
there). One process has one such backend.
"""

import contextlib

import torch

from mpscheck.emulation import dispatch, kernels, patches
from mpscheck.emulation.memory import NAME


def register(honest: bool = False) -> None:
    """Make `device="emu"` usable in this process. `honest`: healthy, but with other arithmetic than the CPU's."""
    if not hasattr(torch._C, "_acc"):
        raise SystemExit(f"the emulated device needs torch 2.10 or newer, this is {torch.__version__}")
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

    module = Module(honest)
    _setup_privateuseone_for_python_backend(rename=NAME, backend_module=module)
    module.manual_seed_all(torch.initial_seed())
    if honest:
        from mpscheck.emulation.honest import HOST_FUNCTIONS

        kernels.HOST.update(HOST_FUNCTIONS)
    dispatch.register_kernels()
    dispatch.register_autocast()
    patches.patch_storages()
    patches.patch_printing()
    patches.patch_module_moves()
    patches.patch_compile()


class Module:
    """What `torch.emu` offers, the same names as `torch.mps` and `torch.cuda`."""

    def __init__(self, honest: bool):
        self._honest = honest

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def _lazy_init(self) -> None:
        pass

    def _is_in_bad_fork(self) -> bool:
        return False

    def current_device(self) -> int:
        return 0

    def set_device(self, device) -> None:
        pass

    def device_count(self) -> int:
        return 1

    def device(self, device):
        return contextlib.nullcontext()

    def synchronize(self, device=None) -> None:
        pass

    def empty_cache(self) -> None:
        pass

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    def manual_seed_all(self, seed: int) -> None:
        """Seed the device's random stream; an honest device draws other numbers than the CPU from the same seed."""
        kernels.GENERATOR.manual_seed((seed ^ 0x5EED if self._honest else seed) & 0x7FFFFFFFFFFFFFFF)

    manual_seed = manual_seed_all

    def get_rng_state(self, device=NAME) -> torch.Tensor:
        return kernels.GENERATOR.get_state()

    def set_rng_state(self, state, device=NAME) -> None:
        kernels.GENERATOR.set_state(state)
