"""Find a Chromium for the tests in a browser; install it by apt where it is missing and we are root.

Prints its path. CHROMIUM names another one. One sentence and exit code 2 if there is none and none can be installed.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PACKAGES = ("chromium", "fonts-dejavu-core")


def main() -> int:
    path = find()
    if path is None and install():
        path = find()
    if path is None:
        print(
            "No Chromium here for the tests in a browser: install Chromium or Google Chrome (on Debian, as root: "
            f"apt-get install {' '.join(PACKAGES)}), or name one in the variable CHROMIUM.",
            file=sys.stderr,
        )
        return 2
    print(path)
    return 0


def find() -> str | None:
    """Path of the browser: the variable CHROMIUM, else the first of the usual names, else None."""
    named = os.environ.get("CHROMIUM")
    found = [shutil.which(name) for name in ((named,) if named else (*NAMES, MAC))]
    return next((path for path in found if path), None)


def install() -> bool:
    """Install Debian's packages, if we may; True if that was done."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--no-install-recommends", *PACKAGES])
    return all(subprocess.run(command, env=environment, stdout=sys.stderr).returncode == 0 for command in commands)


if __name__ == "__main__":
    sys.exit(main())
