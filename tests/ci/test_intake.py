"""A run that somebody sent is taken in as unverified, or refused in words; no hostile string of any field gets through."""

import copy
import subprocess
import sys
from datetime import date

import pytest
from hostile import HOSTILE, MARK

from mpscheck.known import contributed, measured
from mpscheck.runs import provenance, results

TODAY = date(2026, 12, 1)
OF_A_MAC = {
    "torch_git": "a1cb3cc05d46d198467bebbb6e8fba50a325d4e7", "date": "2026-11-24", "python": "3.12.1", "model": "Mac14,2",
    "gpu": "Apple M2", "chip": "Apple M2", "virtual": False, "runner": None, "image": None, "variables": {},
}  # fmt: skip


@pytest.fixture
def sent(mac_run) -> dict:
    """A run as a stranger's Mac writes it: the records are real, of the emulated device, sick; the Mac is made up."""
    return mac_run | {"provenance": mac_run["provenance"] | OF_A_MAC}


@pytest.fixture
def intake(root, tmp_path):
    """Run the script, without torch, on files in a folder of its own."""

    def run(*documents: dict, command="take"):
        paths = [tmp_path / f"sent {number}.json" for number in range(len(documents))]
        for path, document in zip(paths, documents):
            path.write_text(document if isinstance(document, str) else results.text(document), encoding="utf-8")
        script = str(root / "scripts/ci/intake.py")
        start = f"import runpy, sys; sys.modules['torch'] = None; sys.path.insert(0, {str(root / 'scripts/ci')!r})"
        code = f"{start}; runpy.run_path({script!r}, run_name='__main__')"
        options = (command, *map(str, paths), "--to", str(tmp_path / "to"))
        return subprocess.run([sys.executable, "-c", code, *options], capture_output=True, text=True, cwd=tmp_path)

    return run


def there(tmp_path):
    return sorted((tmp_path / "to" / "unverified").glob("*"))


def test_a_run_is_taken_in_as_unverified_under_a_name_of_its_own(intake, sent, tmp_path):
    done = intake(sent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "- unverified: torch 2.8.0, macOS 15.6 (24G90), Apple M2: 2 wrong\n"
    [path] = there(tmp_path)
    assert path.name.startswith("mps_torch2.8.0_macos24G90_Apple-M2_py3.12.1_") and results.read(path) == sent
    assert not (tmp_path / "to" / "runs").exists()


def test_two_people_with_the_same_mac_have_one_file_each(intake, sent, tmp_path):
    other = copy.deepcopy(sent)
    for record in other["records"]:
        for numbers in record["attempts"][0]["functions"].values():
            numbers["seconds"] += 0.0123
    for canary in other["canaries"]:
        canary["attempt"]["functions"]["compute"]["seconds"] = 0.0456
    assert intake(sent, other).returncode == 0
    assert len(there(tmp_path)) == 2


def test_the_same_run_again_and_one_with_another_mac_over_it_are_copies(intake, sent, tmp_path):
    replayed = sent | {"provenance": sent["provenance"] | {"gpu": "Apple M4", "chip": "Apple M4", "model": "Mac16,1"}}
    done = intake(sent, sent, replayed)
    assert done.returncode == 1 and len(there(tmp_path)) == 1
    first, *others = done.stdout.splitlines()
    assert first.startswith("- unverified") and len(others) == 2
    assert all(line.startswith("- refused: `sent ") and "it is a copy" in line for line in others)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": "emu", "evidence": "emulated"}, "was measured on emu, not on mps"),
        ({"system": "Linux"}, "its system is nothing that mpscheck writes"),
        ({"macos_build": None}, "does not tell its macos_build"),
        ({"gpu": None}, "does not tell its gpu"),
        ({"date": "2026-12-03"}, "which is still to come"),
        ({"date": "2025-08-05"}, "before torch 2.8.0 came out on 2025-08-06"),
        ({"date": "2026-02-31"}, "its date is no day"),
        ({"variables": {"MPSCHECK_FAULTS": "x"}}, "a variable that mpscheck does not write"),
        ({"variables": {"PYTORCH_MPS_LOG": "/Users/jane"}}, "a variable that mpscheck does not write"),
        ({"variables": {"HF_TOKEN": "1"}}, "a variable that mpscheck does not write"),
        ({"packages": {"secret": "1"}}, "a package that mpscheck does not write"),
        ({"torch_git": "x"}, "its torch_git is nothing"),
    ],
)
def test_provenance_that_no_mac_has_is_refused(sent, change, words):
    run = sent | {"provenance": sent["provenance"] | change}
    assert any(words in problem for problem in contributed.problems(run, {}, TODAY))


def output_of(run):
    return run["records"][0]["attempts"][0]["functions"]["compute"]["outputs"][0]


def more_wrong_than_there_are(run):
    output_of(run)["device"]["wrong"] = 10**9


def rms_above_the_largest(run):
    output_of(run)["device"] |= {"rms": 5.0, "max": 1.0}


def wrong_without_a_first(run):
    output_of(run)["first_wrong"] = None


def first_outside(run):
    output_of(run)["first_wrong"]["index"] = [10**6] * len(output_of(run)["shape"])


def another_rounding(run):
    output_of(run)["eps"] = 9.0


def twice(run):
    run["records"].append(run["records"][0])


def with_a_fault(run):
    run["records"][0]["faults"] = [run["records"][0]["snippet"]]


def of_a_home(run):
    run["canaries"][0]["attempt"]["stderr"] = "warning: /Users/jane/x.py"


def of_an_address(run):
    run["canaries"][0]["attempt"]["stderr"] = "ask jane@example.org"


def an_unknown_check(run):
    run["records"][0]["snippet"] = "no-such-bug"


def another_dtype(run):
    run["records"][1]["dtype"] = "bfloat16"


def brought_by_a_job(run):
    run["published"] = {"address": "https://github.com/a/b/actions/runs/1", "sha256": "0" * 64}


@pytest.mark.parametrize(
    "change",
    [
        more_wrong_than_there_are, rms_above_the_largest, wrong_without_a_first, first_outside, another_rounding, twice,
        with_a_fault, of_a_home, of_an_address, an_unknown_check, another_dtype, brought_by_a_job,
    ],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_numbers_that_no_tensor_gives_and_what_no_run_says_are_refused(sent, change):
    run = copy.deepcopy(sent)
    assert contributed.problems(run, {}, TODAY) == []
    change(run)
    results.check(run, "it follows the schema all the same")
    assert len(contributed.problems(run, {}, TODAY)) >= 1


def strings(value, path=()):
    """The path of each string in a document, keys aside."""
    if isinstance(value, str):
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from strings(inner, (*path, key))


def put(document, path, value):
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


FREE = ("reason", "stderr")  # what a program said; a page shows it as text (tests/runs/test_hostile_runs.py)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_hostile_string_of_any_field_gets_through(sent, hostile):
    run = copy.deepcopy(sent)
    run["records"][0]["attempts"].append(
        {"outcome": "error", "reason": "it raised", "stderr": "noise", "before": [], "functions": {}}
    )
    run["provenance"] |= {"runner": "macos15", "image": "1", "address": None, "commit": "0" * 40}
    run["provenance"]["variables"] = {"MTL_DEBUG_LAYER": "1"}
    run["provenance"]["packages"] = {"numpy": "2.0.0"}
    assert contributed.problems(run, {}, TODAY) == []
    through = []
    for path in strings(run):
        changed = copy.deepcopy(run)
        put(changed, path, hostile)
        if not results.plainly_right(changed):  # then it is refused before, in a sentence
            continue
        if not contributed.problems(changed, {}, TODAY):
            through.append(path)
    assert {path[-1] for path in through} <= set(FREE)
    if not hostile.isprintable():
        assert [path for path in through if path[-1] == "reason"] == []


@pytest.mark.parametrize("hostile", [h for h in HOSTILE if len(h) < 200], ids=lambda h: ascii(h)[:12])
def test_what_is_said_of_a_refused_file_is_code_on_one_line(intake, sent, hostile, tmp_path):
    written = hostile.encode("utf-8", "replace").decode()
    done = intake(sent | {"records": [{**sent["records"][0], "snippet": written}, *sent["records"][1:]]} | {written: 1})
    assert done.returncode == 1 and there(tmp_path) == []
    [line] = done.stdout.splitlines()
    assert line.startswith("- refused: `") and line.endswith("`") and line.count("`") == 2
    assert line.isprintable()


def test_what_a_person_should_look_at_is_said(sent):
    run = copy.deepcopy(sent)
    assert contributed.doubts(run) == []
    run["provenance"] |= {"chip": "Apple M1", "gpu": "Apple M3"}
    run["records"][0]["code"] = "0" * 16
    assert "of another version than ours" in contributed.doubts(run)[0]
    assert "its GPU calls itself Apple M3, its chip Apple M1" in contributed.doubts(run)[1]


def test_a_taken_run_is_known_as_unverified_and_never_as_ours(intake, sent, tmp_path, linear):
    intake(sent)
    [path] = there(tmp_path)
    index = measured.index([linear], {}, {path.stem: results.read(path)})
    assert [m.verified for m in index.of(linear.slug)] == [False]


def test_a_name_that_is_made_from_what_was_sent_is_one_of_a_file(sent):
    for value in HOSTILE:
        name = contributed.name_of(sent | {"provenance": sent["provenance"] | {"gpu": value, "chip": value}})
        assert name.isascii() and "/" not in name and not name.startswith(".") and MARK * 100 not in name
    assert provenance.run_id(sent["provenance"]) in contributed.name_of(sent)
