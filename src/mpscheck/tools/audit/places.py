"""Where a call comes from: the line of the program, the line of a library, the `nn.Module` that is being called."""

from __future__ import annotations

import dis
import linecache
import os
import re
import sys
import sysconfig
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from mpscheck.tools.audit.branches import branches_on_mps, lines_that_ask


@dataclass(frozen=True)
class Place:
    """A line of a source file. `file` is shown: relative to the program's folder, or to the folder of packages."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


# ---- whose file is it? --------------------------------------------------------------------------------------------

_PACKAGES = re.compile(r".*[/\\](?:site|dist)-packages[/\\]")
_STANDARD = os.path.realpath(sysconfig.get_paths()["stdlib"]) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_TOOL = os.path.abspath(__file__)
_OWN = _TOOL.rpartition("tools")[0] if (__package__ or "").startswith("mpscheck.") else _TOOL  # or this file alone


def kind_of_file(name: str) -> str:
    """`torch` (also this tool's own), `library` or `user`."""
    path = os.path.abspath(name)
    if path.startswith((_TORCH, _OWN)):
        return "torch"
    generated = name.startswith(("<frozen", "<eval_with_key", "<string>"))
    return "library" if generated or _PACKAGES.match(path) or os.path.realpath(path).startswith(_STANDARD) else "user"


def shown_path(name: str, folder: str) -> str:
    """A file's name as the report gives it: without what is the same for all files of a machine."""
    inside = _PACKAGES.sub("", name)
    if inside != name or name.startswith("<"):
        return inside.replace(os.sep, "/")
    path = os.path.abspath(name)
    return os.path.relpath(path, folder).replace(os.sep, "/") if path.startswith(folder + os.sep) else path


def _package_folder(name: str) -> str | None:
    """The folder of the package that a file of `site-packages` belongs to."""
    match = _PACKAGES.match(name)
    top = name[match.end() :].partition(os.sep) if match else ("", "", "")
    return match.group() + top[0] + os.sep if top[1] else None


# ---- who calls? ---------------------------------------------------------------------------------------------------


def frames_from(frame) -> Iterator[Any]:
    """The frame and its callers, innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _lines_of(code) -> tuple[int, int]:
    """First and last line of the function that a code object belongs to."""
    numbers = [number for _, number in dis.findlinestarts(code) if number]
    return min(numbers, default=0), max(numbers, default=0)


class Callers:
    """The code that calls ops. `folder` is the program's: its lines are preferred, and shown relative to it."""

    def __init__(self, folder: str):
        self.folder = folder
        self._kinds: dict[str, str] = {}
        self._outside: dict[Any, bool] = {}  # code object: whether it is a caller outside torch
        self._module_names = weakref.WeakKeyDictionary()

    def kind(self, name: str) -> str:
        """`kind_of_file`, found out once for each file."""
        if name not in self._kinds:
            self._kinds[name] = kind_of_file(name)
        return self._kinds[name]

    def note(self, frame) -> None:
        """Remember the innermost code outside torch: its file is looked through for other paths on mps."""
        while frame is not None:
            code = frame.f_code
            outside = self._outside.get(code)
            if outside is None:
                outside = self._outside[code] = self.kind(code.co_filename) != "torch"
            if outside:
                return
            frame = frame.f_back

    def place(self, frames: list) -> tuple[Place | None, Place | None, bool]:
        """The program's line, the library's line if that is another one, and whether one is in a branch on mps."""
        outside = [frame for frame in frames if self.kind(frame.f_code.co_filename) != "torch"]
        users = [frame for frame in outside if self.kind(frame.f_code.co_filename) == "user"]
        if not users:  # a thread of autograd's own: the program waits in the main thread
            main = sys._current_frames().get(threading.main_thread().ident)
            users = [f for f in frames_from(main) if self.kind(f.f_code.co_filename) == "user"]
        inside = [f for f in users if os.path.abspath(f.f_code.co_filename).startswith(self.folder + os.sep)]
        user = inside[0] if inside else users[-1] if users else outside[-1] if outside else None
        library = outside[0] if outside and outside[0] is not user else None
        lines = [(f.f_code.co_filename, f.f_lineno) for f in outside]
        branched = any(a <= line <= b for name, line in lines for a, b in branches_on_mps(name))
        here, there = (self._line(f.f_code.co_filename, f.f_lineno) if f else None for f in (user, library))
        return here, there, branched

    def _line(self, name: str, number: int) -> Place:
        return Place(shown_path(name, self.folder), number, linecache.getline(name, number).strip())

    def module(self, frames: list) -> str | None:
        """The innermost `nn.Module` that is being called, with its name in the outermost one."""
        called = [f.f_locals.get("self") for f in frames if f.f_code is torch.nn.Module._call_impl.__code__]
        called = [module for module in called if isinstance(module, torch.nn.Module)]
        if not called:
            return None
        leaf, root = called[0], called[-1]
        if root not in self._module_names:
            self._module_names[root] = {id(module): name for name, module in root.named_modules()}
        parts = self._module_names[root].get(id(leaf), "").split(".")
        name = ".".join(part for part in parts if not part.startswith("_"))  # wrappers keep what they wrap in private
        return f"{type(leaf).__name__} ({name})" if name else type(leaf).__name__

    def other_paths(self) -> list[tuple[Place, bool]]:
        """The lines that ask for mps in the files whose code called ops and in the imported files of their packages.

        True beside those in a function that itself called ops.
        """
        spans: dict[str, list[tuple[int, int]]] = {}  # by file: the functions that called ops
        for code, outside in self._outside.items():
            if outside:
                spans.setdefault(code.co_filename, []).append(_lines_of(code))
        folders = {folder for name in spans for folder in [_package_folder(name)] if folder}
        imported = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        near = {name for name in imported if name.endswith(".py") and name.startswith(tuple(folders))}
        return [
            (self._line(name, number), any(a <= number <= b for a, b in spans.get(name, ())))
            for name in sorted({*spans, *near})
            if self.kind(name) != "torch"
            for number in lines_that_ask(name)
        ]
