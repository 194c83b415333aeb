"""Where a program is: the module that runs, the hook point of TransformerLens before it, the line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.nn.modules import module as module_hooks


@dataclass(frozen=True)
class Spot:
    """Where a call is made: the module, the line of the program, the last hook point of TransformerLens before it."""

    module: str
    line: str
    hook: str | None


class Where:
    """What is running: module, line, hook point."""

    def __init__(self, model: torch.nn.Module):
        clean = {id(m): name.replace("._original_component", "") for name, m in model.named_modules()}
        self.names = {key: name or type(model).__name__ for key, name in clean.items()}
        self.stack: list[str] = []
        self.hook: str | None = None
        self.waiting: list = []  # findings that wait for the next hook point

    def enter(self, module, args) -> None:
        name = self.names.get(id(module), type(module).__name__)
        if type(module).__name__ == "HookPoint":
            self.hook = getattr(module, "name", None) or name
            for finding in self.waiting:
                finding.next_hook = self.hook
            self.waiting.clear()
            name = self.module()  # ops in a hook belong to the module around it
        self.stack.append(name)

    def leave(self, module, args, result) -> None:
        self.stack.pop()

    def module(self) -> str:
        """The innermost module that is no hook point."""
        return self.stack[-1] if self.stack else "outside of the model's modules"

    @contextmanager
    def following(self) -> Iterator[None]:
        """Within the block, the modules that run are known."""
        enter = module_hooks.register_module_forward_pre_hook(self.enter)
        leave = module_hooks.register_module_forward_hook(self.leave, always_call=True)
        try:
            yield
        finally:
            enter.remove()
            leave.remove()

    def spot(self) -> Spot:
        """Where the program is, by its innermost frame that is neither torch's nor ours."""
        frame, this_file = sys._getframe(), Where.spot.__code__.co_filename
        while frame.f_back and (
            frame.f_code.co_filename == this_file
            or frame.f_globals.get("__name__", "").split(".")[0] in ("torch", "contextlib", "mpscheck")
        ):
            frame = frame.f_back
        line = f"{frame.f_code.co_filename.rpartition('site-packages/')[2]}:{frame.f_lineno}"
        return Spot(self.module(), line, self.hook)
