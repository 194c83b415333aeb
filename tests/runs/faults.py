"""What can befall a run, and what must come of it: made-up snippets, real processes, real signals and full disks.

Each case gives a list of what is not as it must be, empty if all is. `test_faults.py` runs a part of them, and
`benchmarks/runner_faults.py` all, as a table.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mpscheck.bugs import catalogue
from mpscheck.runs import journal, keeper, numerics, results, runner, warm
from mpscheck.runs.outcomes import TOO_LATE

SOURCE = catalogue.BUGS / "linear-noncontiguous-weight.py"
RIGHT = "return F.linear(x.to(device), w.to(device).T)"
SLOW = f"import time; time.sleep(0.3)\n{RIGHT}"


def snippet(folder: Path, slug: str, body: str = RIGHT, extra: str = ""):
    """A snippet whose compute has this body, made from a real one."""
    source = SOURCE.read_text()
    start, end = source.index("    weight = w.to(device).T"), source.index("def workaround")
    source = source[:start] + "".join(f"    {line}\n" for line in body.splitlines()) + "\n\n" + source[end:]
    path = folder / f"{slug}.py"
    path.write_text(source.replace('    "kind": "wrong",\n', f'    "kind": "wrong",\n{extra}'))
    return catalogue.read(path)


# ---- what a snippet does to its process


@dataclass(frozen=True)
class Fault:
    """What compute does, and how each attempt at it must end; `words` are in the reason of the first."""

    body: str
    outcomes: tuple[str, ...] = ("measured",)
    words: str = ""
    next_one: tuple[str, ...] = ()  # how the attempts at the snippet after it may end before one that is right


def afterwards(action: str, delay: float) -> str:
    """A body that is right, and does something so many seconds after its snippet was measured."""
    return f"""import os, signal, sys, threading, time
def chain(frame):
    while frame:
        yield frame
        frame = frame.f_back
def wait():
    while any(mine is frame for top in sys._current_frames().values() for frame in chain(top)):
        time.sleep(0.0005)
    time.sleep({delay})
    {action}
if not hasattr(threading, "begun"):
    threading.begun = True
    mine = next(frame for frame in chain(sys._getframe()) if frame.f_code.co_name == "run_job")
    threading.Thread(target=wait, daemon=True).start()
{RIGHT}"""


def half_an_answer(action: str) -> str:
    """A body that is right, and ends the process when half of its answer is written."""
    return f"""import os, signal
from multiprocessing.connection import Connection
write = Connection._send
def half(self, data, *rest):
    write(self, data[: len(data) // 2], *rest)
    {action}
Connection._send = half
{RIGHT}"""


def poisoned(to: str) -> str:
    """A body that is right, after which no tensor comes to the device as it was."""
    action = f'real = torch.Tensor.to; torch.Tensor.to = lambda self, *a, **k: {to} if a[:1] == ("emu",) else real(self, *a, **k)'
    return afterwards(action, 0)


DEATHS = {
    "SIGSEGV": "os.kill(os.getpid(), signal.SIGSEGV)",
    "SIGABRT": "os.kill(os.getpid(), signal.SIGABRT)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "os._exit": "os._exit(5)",
}
WORDS = {name: "exit code 5" if name == "os._exit" else f"killed by {name}" for name in DEATHS}
METAL = "Execution of the command buffer was aborted due to an error during execution. (00000003:kIOGPUCommandBufferCallbackErrorHang)"
LOST = "(_ for _ in ()).throw(RuntimeError('the device is lost'))"
CRASH = ("crash", "crash")
FAULTS = {
    **{
        f"{name} before the result": Fault(f"import os, signal\n{action}", CRASH, WORDS[name])
        for name, action in DEATHS.items()
    },
    **{
        f"{name} at half of the result": Fault(half_an_answer(action), CRASH, WORDS[name])
        for name, action in DEATHS.items()
    },
    **{
        f"{name} {said} after the result": Fault(afterwards(action, seconds), next_one=("crash",))
        for name, action in DEATHS.items()
        for said, seconds in {"at once": 0, "7 ms": 0.007, "0.6 s": 0.6}.items()
    },
    "hang in compute": Fault("import time; time.sleep(600)", ("hang", "hang"), "no answer within"),
    "hang in teardown": Fault(
        "import atexit, threading, time\natexit.register(time.sleep, 600)\n"
        f"threading.Thread(target=time.sleep, args=(600,)).start()\n{RIGHT}"
    ),
    "flood on stdout": Fault(f"for _ in range(3000): print('x' * 1000, flush=True)\n{RIGHT}"),
    "flood on stderr": Fault(f"import sys\nfor _ in range(3000): print('y' * 1000, file=sys.stderr)\n{RIGHT}"),
    "memory": Fault(
        "big = [torch.ones(1 << 26) for _ in range(8)]; import time; time.sleep(600)", ("memory",) * 2, "memory limit"
    ),
    "poisoned device: later calls raise": Fault(poisoned(LOST), next_one=("unfit",)),
    "poisoned device: later numbers are zero": Fault(poisoned("0 * real(self, *a, **k)"), next_one=("unfit",)),
    "a GPU fault on stderr, and zeros": Fault(
        f"import sys; print({METAL!r}, file=sys.stderr)\nreturn 0 * F.linear(x.to(device), w.to(device).T)",
        ("gpu-fault",) * 2,
        "command buffer",
    ),
    "a GPU fault on stderr after the result": Fault(
        afterwards(f"print({METAL!r}, file=sys.stderr, flush=True)", 0), next_one=("gpu-fault",)
    ),
}
SHORT = (  # one of each kind, for `make test`
    "SIGSEGV before the result",
    "SIGABRT 7 ms after the result",
    "SIGKILL 0.6 s after the result",
    "hang in teardown",
    "poisoned device: later numbers are zero",
    "a GPU fault on stderr, and zeros",
)


def measured_with(folder: Path, names, timeout: float = 20.0, memory_limit: int = 5 * 2**28) -> dict[str, list[str]]:
    """These faults in one run, each followed by a healthy snippet: what is wrong with the records, by fault."""
    faults = {name: FAULTS[name] for name in names}
    bugs = [snippet(folder, "first-of-all")]
    for number, fault in enumerate(faults.values()):
        bugs += [snippet(folder, f"bad-{number}", fault.body), snippet(folder, f"good-{number}", SLOW)]

    def surprises(record: dict) -> bool:
        return numerics.verdict(record) != "agrees"

    with runner.Worker("emu", timeout, memory_limit, known_good=("allocation", "copy", "add")) as worker:
        records, looks = journal.split(worker.run([runner.Job(bug) for bug in bugs], surprises))
    failed = [look for look in looks if numerics.verdict_of_attempt(look["attempt"], "compute") != "agrees"]
    order = [record["snippet"] for record in records]
    found = {"all of them": []}
    if order != [bug.slug for bug in bugs]:
        found["all of them"].append(f"the records are those of {order}")
    if failed:
        found["all of them"].append(f"the machine is held to be unfit: {failed[0]}")
    if numerics.verdict(records[0]) != "agrees":
        found["all of them"].append(f"the first is {records[0]}")
    for (name, fault), bad, good in zip(faults.items(), records[1::2], records[2::2], strict=True):
        found[name] = [*wrong_about(bad, fault), *blamed(good, fault)]
    return found


def wrong_about(record: dict, fault: Fault) -> list[str]:
    """What a fault's own record says that it must not."""
    outcomes = tuple(attempt["outcome"] for attempt in record["attempts"])
    problems = [] if outcomes == fault.outcomes else [f"its attempts ended as {outcomes}, not {fault.outcomes}"]
    if fault.words not in record["attempts"][0].get("reason", ""):
        problems.append(f"its reason is {record['attempts'][0].get('reason')!r}")
    return problems


def blamed(record: dict, fault: Fault) -> list[str]:
    """What the next snippet is said to have done."""
    *first, last = [attempt["outcome"] for attempt in record["attempts"]]
    problems = [] if numerics.verdict(record) == "agrees" else [f"the next one is {numerics.verdict(record)}"]
    if last != "measured" or not set(first) <= set(fault.next_one):
        problems.append(f"the attempts at the next one ended as {[*first, last]}")
    return problems


# ---- the command: what a person or the machine does to a run

NAMES = ("a-first", "b-second", "c-third")
# What differs between two undisturbed runs.
PASSING = ("seconds", "date", "before", "stderr", "after")
CLOCK = """import time, random
real, steps = time.time, random.Random(0)
time.time = lambda: real() + steps.choice([-1, 1]) * steps.random() * 1e6
"""
STOPPED = """import os, signal, sys, threading
if __name__ == "__main__":
    moment, number, *arguments = sys.argv[1:]
    timer = threading.Timer(float(moment), os.kill, (os.getpid(), int(number)))
    timer.daemon = True
    if int(number):
        timer.start()
    from mpscheck.cli import main
    main(arguments, prog_name="mpscheck")
"""


def comparable(value):
    """A run without what differs between two undisturbed ones."""
    if isinstance(value, dict):
        return {name: comparable(part) for name, part in value.items() if name not in (*PASSING, "canaries")}
    return [comparable(part) for part in value] if isinstance(value, list) else value


class Folder:
    """A folder with three healthy snippets, and what an undisturbed run of them gave."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.arguments = tuple(str(snippet(folder, name).check.path) for name in NAMES)
        self.driver = folder / "driver.py"
        self.driver.write_text(STOPPED)
        started = time.monotonic()
        done = self.warm(folder / "undisturbed.json")
        self.seconds = time.monotonic() - started
        assert done.status == 0, done.err
        self.undisturbed = comparable(results.read(folder / "undisturbed.json"))

    def words(self, out: Path, *options: str) -> tuple[str, ...]:
        return ("run", *self.arguments, "--device", "emu", "--out", str(out), *options)

    def start(self, out: Path, *options: str, **variables: str) -> subprocess.Popen:
        """The command in a process of its own."""
        command = (sys.executable, "-m", "mpscheck.cli", *self.words(out, *options))
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ | variables)

    def warm(self, out: Path, *options: str, moment: float = 0, number: int = 0) -> warm.Ended:
        """The command in a process that has torch already; at a moment it gets a signal."""
        return warm.python((str(self.driver), str(moment), str(int(number)), *self.words(out, *options)))

    def resumed(self, out: Path) -> list[str]:
        """What is wrong after --resume."""
        done = self.warm(out, "--resume")
        if done.status != 0:
            return [f"--resume ended with {done.status}: {done.err}"]
        return self.incomplete(out)

    def incomplete(self, out: Path) -> list[str]:
        """How a finished run differs from an undisturbed one."""
        if not out.exists():
            return ["there is no run file"]
        problems = (
            [] if comparable(results.read(out)) == self.undisturbed else ["the run is not like an undisturbed one"]
        )
        return problems + ([f"{part_of(out).name} is left"] if part_of(out).exists() else [])


def part_of(out: Path) -> Path:
    return out.with_suffix(journal.SUFFIX)


def slugs_in(out: Path) -> list[str]:
    """The snippets whose records a stopped run has written."""
    if not part_of(out).exists() or not part_of(out).stat().st_size:
        return []
    return [record["snippet"] for record in journal.read(part_of(out))["records"]]


def sentence(status: int, err: str, words: str, allowed: int = 2) -> list[str]:
    """What is wrong with how a run said that it could not go on: lines of progress, then one sentence, exit code 2."""
    said = [line for line in err.strip().splitlines() if not line.startswith("measuring on")]
    problems = [] if status == allowed else [f"it ended with {status}"]
    return problems + ([] if len(said) == 1 and words in said[0] else [f"it said {said}"])


def stopped(place: Folder, moment: float, number: int, name: str) -> list[str]:
    """A run that gets a signal at a moment, and the one that goes on."""
    out = place.folder / f"{name}.json"
    done = place.warm(out, moment=moment, number=number)
    if out.exists() and not part_of(out).exists():  # it came too late
        return place.incomplete(out)
    slugs, problems = slugs_in(out), []
    if len(set(slugs)) != len(slugs):
        problems.append(f"records stand twice: {slugs}")
    nothing_yet = done.status in (-number, 1, 2) and not slugs
    if not nothing_yet and f"Stopped; {len(slugs)} of 3 are kept in {part_of(out).name}" not in done.err:
        problems.append(f"it ended with {done.status}, {len(slugs)} written, and said {done.err!r}")
    return problems + place.resumed(out)


class NoMounting(Exception):
    """Mounting is not allowed here."""


@contextmanager
def disk(folder: Path, *options: str):
    """A small disk of memory. Raises NoMounting."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], capture_output=True).returncode:
        raise NoMounting("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def full_disk(place: Folder, sizes: tuple[int, ...] = (5,)) -> list[str]:
    """A disk of so many pages, which is full at some moment of the run; when there is room again it goes on."""
    problems = []
    for pages in sizes:
        folder = place.folder / f"full-{pages}"
        with disk(folder, "-o", f"size={4 * pages}k"):
            out = folder / "run.json"
            done = place.warm(out)
            problems += sentence(done.status, done.err, "No space left on device")
            problems += [] if len(set(slugs_in(out))) == len(slugs_in(out)) else ["records stand twice"]
            subprocess.run(["mount", "-o", "remount,size=1m", str(folder)], check=True)
            problems += place.resumed(out)
    return problems


def read_only(place: Folder) -> list[str]:
    """A folder that nothing can be written to."""
    folder = place.folder / "read-only"
    with disk(folder, "-o", "ro"):
        done = place.warm(folder / "run.json")
        return sentence(done.status, done.err, "Read-only file system")


def two_at_once(place: Folder) -> list[str]:
    """Two runs with the same run file: one goes on, the other says so and stops."""
    out = place.folder / "shared.json"
    first, second = place.start(out), place.start(out)
    ends = [(process.communicate(timeout=600)[1], process.returncode) for process in (first, second)]
    refused = [(err, code) for err, code in ends if code]
    if len(refused) > 1:
        return [f"both ended: {refused}"]
    problems = [p for err, code in refused for p in sentence(code, err, "another run is writing shared.part.jsonl")]
    return problems + place.incomplete(out)


def clock_step(place: Folder) -> list[str]:
    """A clock that is set anew each time that somebody looks."""
    folder = place.folder / "clock"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CLOCK)
    out = place.folder / "stepped.json"
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    process = place.start(out, PYTHONPATH=path)
    err = process.communicate(timeout=600)[1]
    return ([] if process.returncode == 0 else [err]) + place.incomplete(out)


def hang_in_start(place: Folder) -> list[str]:
    """A torch whose import never ends."""
    folder = place.folder / "hangs"
    folder.mkdir()
    (folder / "torch.py").write_text("import time; time.sleep(600)")
    before, limit = list(sys.path), keeper.START_LIMIT
    sys.path.insert(0, str(folder))  # a new process gets it
    keeper.START_LIMIT = 3.0
    try:
        bugs = [catalogue.read(Path(path)) for path in place.arguments]
        records = list(runner.run([runner.Job(bug) for bug in bugs], "emu"))
    finally:
        sys.path[:], keeper.START_LIMIT = before, limit
    found = [(record["snippet"], a["outcome"], a["reason"]) for record in records for a in record["attempts"]]
    wanted = [(name, "not-run", "no worker could be started: no answer within 3 seconds") for name in NAMES]
    return [] if found == wanted else [f"the records are {found}"]


def late(place: Folder) -> list[str]:
    """A deadline that comes during the run: what was not reached says so, and --resume measures it."""
    out = place.folder / "late.json"
    slow = snippet(place.folder, "b-second", "import time; time.sleep(5)\n" + RIGHT)
    done = place.warm(out, "--deadline", str((place.seconds + 3) / 60))
    snippet(place.folder, "b-second")
    attempts = {r["snippet"]: r["attempts"] for r in results.read(out)["records"]}
    ends = {name: [(a["outcome"], a.get("reason")) for a in found] for name, found in attempts.items()}
    problems = [] if done.status == 0 else [f"it ended with {done.status}: {done.err}"]
    not_run = [("not-run", TOO_LATE)]
    if ends != {"a-first": [("measured", None)], slow.slug: not_run, "c-third": not_run}:
        problems.append(f"the attempts are {ends}")
    return problems + place.resumed(out)


MACHINE: dict[str, Callable[[Folder], list[str]]] = {
    "hang in start": hang_in_start,
    "full disk": lambda place: full_disk(place, (1, 2, 4, 6, 8, 12)),
    "read-only folder": read_only,
    "two runs at once": two_at_once,
    "clock steps": clock_step,
    "a deadline during the run": late,
}


def moments(place: Folder, count: int, seed: int = 0) -> list[tuple[float, signal.Signals]]:
    """Random moments of a run, each with Ctrl-C or SIGTERM."""
    draw = random.Random(seed)
    return [(draw.uniform(0, place.seconds), draw.choice([signal.SIGINT, signal.SIGTERM])) for _ in range(count)]
