"""The wheel holds what `mpscheck` reads in a clone, from the one place where each lies: all else stands in pyproject.toml."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DATA = ("snippets/**/*", "catalogue/**/*", "results/*.json")  # into mpscheck/data, under the same names


class WithData(build_py):
    def run(self):
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # what an earlier build left would be taken in too
        super().run()
        if not self.editable_mode:
            built, root = Path(self.build_lib, "mpscheck"), Path(__file__).resolve().parent
            for path in sorted({path for pattern in DATA for path in root.glob(pattern) if self.belongs(path)}):
                copy = built / "data" / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            (built / "data" / "commit").write_text(commit(root), encoding="utf-8")
            for path in built.rglob("*"):  # the same file whatever the umask of the clone
                path.chmod(0o755 if path.is_dir() else 0o644)

    @staticmethod
    def belongs(path: Path) -> bool:
        return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def commit(root: Path) -> str:
    """The commit that it is made from, with a plus sign where the code was changed since; empty where git does not tell."""
    try:
        said = [
            subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--", "src", "snippets"))
        ]
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said[0] + ("+" if said[1] else "")


setup(cmdclass={"build_py": WithData})
