"""What becomes of a run to which something happens: the table of faults. Some ten minutes on two cores.

    python benchmarks/runner_faults.py [--stops 50] [--seed 0] [--only WORDS]

Each line is a fault: `ok`, what is wrong, or why it could not be tried here. After each fault within a snippet a healthy one
is measured, which must not be blamed for it. `--stops`: so many runs get Ctrl-C or SIGTERM at a random moment, then go on
with --resume; each must end like an undisturbed one. Exit code 1 if anything is wrong.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ["MPSCHECK_EMU"] = "1"  # before anything imports torch
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from runs import faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only faults with these words")
    options = parser.parse_args()
    wrong = 0

    def told(name: str, problems: list[str]) -> None:
        nonlocal wrong
        wrong += bool(problems)
        print(f"{name:45} {'; '.join(problems) or 'ok'}", flush=True)

    with tempfile.TemporaryDirectory() as top:
        names = [name for name in faults.FAULTS if options.only in name]
        for start in range(0, len(names), 6):
            folder = Path(top, f"snippets-{start}")
            folder.mkdir()
            found = faults.measured_with(folder, names[start : start + 6])
            for name, problems in found.items():
                told(name, problems) if problems or name != "all of them" else None
        place = faults.Folder(Path(top))
        for name, case in faults.MACHINE.items():
            if options.only in name:
                try:
                    told(name, case(place))
                except faults.NoMounting as error:
                    print(f"{name:45} not tried: {error}")
        for number, (moment, sent) in enumerate(faults.moments(place, options.stops, options.seed), 1):
            told(f"{sent.name} after {moment:.2f} s", faults.stopped(place, moment, sent, f"stopped-{number}"))
    print(f"{wrong} wrong" if wrong else "Nothing lost, nothing twice, nobody blamed for another.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
