"""The wheel: the same bytes from the same commit, whenever and wherever it is built. Leaves nothing in the clone.

    python scripts/wheel.py FOLDER

`mpscheck site` has it built into `docs/wheel/`, so that the site offers it. Needs pip and setuptools, no network.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST_DAY = "315532800"  # 1980-01-01, the first that a zip file can hold, for each file in it
ELSEWHERE = "[build]\nbuild_base = {0}\n[egg_info]\negg_base = {0}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    try:
        print(build(parser.parse_args().folder))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def build(folder: Path) -> Path:
    """The wheel, built into a folder. Raises RuntimeError with pip's last words."""
    with tempfile.TemporaryDirectory() as place:
        settings, made = Path(place, "settings.cfg"), Path(place, "made")
        made.mkdir()
        settings.write_text(ELSEWHERE.format(made), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
        environment = os.environ | {"DIST_EXTRA_CONFIG": str(settings), "SOURCE_DATE_EPOCH": FIRST_DAY}
        command = [*pip, "--wheel-dir", str(Path(place, "wheel")), str(ROOT)]
        done = subprocess.run(command, env=environment, umask=0o022, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(
                f"The wheel could not be built: {(done.stderr.strip().splitlines() or ['no reason'])[-1]}"
            )
        [wheel] = Path(place, "wheel").glob("*.whl")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(wheel, folder))


if __name__ == "__main__":
    sys.exit(main())
