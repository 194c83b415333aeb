"""From a row of the catalogue to a proof: `mpscheck new`, then `mpscheck try`, in a copy of the repository."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from mpscheck.bugs import catalogue, schema
from mpscheck.bugs.bug import made
from mpscheck.commands import attempt, controls, new
from mpscheck.lint import draft, mend
from mpscheck.runs import results

WHERE = {
    "slug": "where-made-up-condition",
    "claim": "`torch.where` ignores the strides of its condition.",
    "when": "a transposed condition (#1)",
    "effect_text": "its strides are ignored, as in #150967",
    "issue": "pytorch/pytorch#99999901",
    "also": ["owner/project#12"],
    "kind": "wrong",
    "silent": False,
    "family": "strides",
    "ops": ["torch.where"],
    "affected": ">=2.4.0,<2.8",
    "unsure": ["2.7"],
    "basis": {"seen": "thread", "fixed": "thread"},
    "reported": [{"thread": "owner/project#12", "torch": "2.4.0"}],
    "workaround": "condition.contiguous()",
    "caveat": "Made up.",
    "caused_by": "macos",
    "stored_date": "2026-11-24",
    "danger": 3,
    "trigger": [{"op": ["where"], "when": ["condition.layout != contiguous", "condition.dtype == bool"]}],
}
RACE = {
    "slug": "matmul-made-up-race",
    "claim": "`torch.matmul` races.",
    "when": "now and then",
    "issue": "pytorch/pytorch#99999902",
    "also": ["owner/project#12"],
    "kind": "nondeterministic",
    "family": "race",
    "basis": {"seen": "unknown", "fixed": "unknown"},
    "absent": {"trigger": "a race: no property of a call decides it", "effect": "the thread does not say"},
    "stored_date": "2026-11-24",
}


@pytest.fixture
def copy(tmp_path, root):
    """A repository with one snippet and two rows of our own."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "catalogue", tmp_path / "catalogue", ignore=shutil.ignore_patterns("figures"))
    (tmp_path / "results").mkdir()
    shutil.copy(results.SCHEMA, tmp_path / "results" / "schema.json")
    (tmp_path / "snippets" / "bugs").mkdir(parents=True)
    shutil.copy(root / "snippets" / "bugs" / "linear-noncontiguous-weight.py", tmp_path / "snippets" / "bugs")
    shutil.copy(root / "pyproject.toml", tmp_path)
    rows = "".join(json.dumps(row) + "\n" for row in (RACE, WHERE))
    (tmp_path / "catalogue" / "reported.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "catalogue" / "library-guards.jsonl").write_text("", encoding="utf-8")  # they name other bugs
    return tmp_path


@pytest.fixture
def run(copy):
    """mpscheck with these arguments, in the copy."""

    def run(*arguments):
        command = [sys.executable, "-m", "mpscheck.cli", *arguments]
        environment = os.environ | {"PYTHONPATH": str(copy / "src")}
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=copy, timeout=300)

    return run


def slugs(copy):
    return [json.loads(line)["slug"] for line in (copy / "catalogue" / "reported.jsonl").read_text().splitlines()]


def test_from_a_row_to_a_proof(copy, run):
    begun = run("new", "99999901")
    path = copy / "snippets" / "bugs" / f"{WHERE['slug']}.py"
    assert begun.returncode == 0, begun.stderr
    assert f"`mpscheck try {WHERE['slug']}`" in begun.stdout and slugs(copy) == [RACE["slug"]]
    bug_facts = catalogue.parts_of(path)[1]
    moved = {name: value for name, value in WHERE.items() if name in bug_facts}
    asked = 'TODO: "effect": "…(result)" in its place, or why it is not known'
    assert bug_facts == moved | {"absent": {"effect": asked}}
    assert set(WHERE) - set(moved) == {"slug", "claim", "when", "effect_text", "workaround"}

    source = path.read_text(encoding="utf-8")
    assert source.startswith(f'"""{WHERE["claim"]}\n\n') and "as in pytorch#150967." in source
    assert "torch.where(condition.to(device).transpose(0, 1), x.to(device), other.to(device))" in source
    assert "randint(0, 2, (8, 8), generator=generator, dtype=torch.bool)" in source

    first = run("try", WHERE["slug"])
    assert first.returncode == 1 and '"effect": "…(result)" in its place, or why it is not known' in first.stdout
    last = first.stdout.splitlines()[-1]
    assert re.fullmatch(rf"Next: fix these \d+ in snippets/bugs/{WHERE['slug']}\.py, then try again\.", last)

    lines = [line for line in source.splitlines(keepends=True) if not line.strip().startswith(("# TODO", "TODO"))]
    done = "".join(lines).replace("  # TODO: the smallest that shows it", "")
    absent = f'"absent": {{"effect": {asked!r}}}'
    assert absent in done
    done = done.replace(absent, '"effect": "ignores-strides(condition)"').replace("sys.exit(0", "sys.exit( 0")
    path.write_text(done, encoding="utf-8")
    last = run("try", WHERE["slug"])
    assert last.returncode == 0, last.stdout + last.stderr
    assert last.stdout.startswith(f"snippets/bugs/{WHERE['slug']}.py: fixed\n")
    assert re.search(r"sick: compute wrong \(ratio \S+\), control agrees, workaround agrees", last.stdout)
    named = f"commit snippets/bugs/{WHERE['slug']}.py, and catalogue/reported.jsonl if a row went with it"
    assert last.stdout.splitlines()[-1] == f"Next: the proof is complete: {named}."
    assert run("lint").stdout == "2 snippets, 1 row, 0 problems\n"


def test_the_catalogue_is_read_past_drafts(copy, run):
    """Also where nobody has drafted a trigger: the next one can begin, and other snippets can be tried."""
    undrafted = {name: value for name, value in WHERE.items() if name != "trigger"}
    rows = copy / "catalogue" / "reported.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in (RACE, undrafted)), encoding="utf-8")
    for slug in (WHERE["slug"], RACE["slug"]):
        begun = run("new", slug)
        assert begun.returncode == 0, begun.stderr
    linted = run("lint")
    assert linted.returncode == 1 and "3 snippets, " in linted.stdout.splitlines()[-1]
    said = [line for line in linted.stdout.splitlines() if '"trigger": [{"op": ["where"], "when": ["…"]}]' in line]
    assert [line.split(": ")[:2] for line in said] == [[f"snippets/bugs/{WHERE['slug']}.py", "todo"]]
    assert run("controls", "linear-noncontiguous-weight").returncode == 0


@pytest.mark.parametrize(
    ("when", "dtypes"),
    [
        (["self.dtype == float16"], ["float16"]),
        (["self.dtype in float16,bfloat16"], ["float16", "bfloat16"]),
        (["self.dtype in float32,float16"], None),
        (["self.dtype != float16"], None),
        (["self.dtype == int64"], None),
    ],
)
def test_a_draft_says_the_half_types_that_its_trigger_asks_for(when, dtypes):
    bug = made({**WHERE, "trigger": [{"op": ["sum"], "when": when}]})
    assert draft.facts(bug).get("dtypes") == dtypes


AGREE = {"compute": "agrees", "workaround": "agrees", "control": "agrees"}
ROW = {
    "healthy": AGREE,
    "honest": AGREE,
    "healthy_bitwise": True,
    "sick": AGREE | {"compute": "wrong"},
    "calls": {"compute": 1, "workaround": 0, "control": 0},
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"healthy": AGREE | {"control": "wrong"}}, "control must agree on the healthy device"),
        ({"honest": AGREE | {"workaround": "nan"}}, "workaround must agree on a healthy device with other arithmetic"),
        ({"calls": {"compute": 0, "control": 0}}, "the trigger matches no call of compute"),
        ({"calls": {"compute": 1, "control": 1}}, "the trigger matches control too"),
        ({"sick": AGREE}, "the effect leaves the result right"),
        (
            {"sick": AGREE | {"compute": "wrong", "workaround": "wrong"}},
            "compute must be wrong and the others must agree",
        ),
    ],
)
def test_the_next_step_is_the_first_thing_that_stands_in_the_way(change, said):
    bug = catalogue.find("linear-noncontiguous-weight")
    assert controls.problems_of(ROW, bug) == []
    assert controls.problems_of(ROW | change, bug) and said in attempt.advice(ROW | change, bug)


def test_a_file_outside_the_catalogue_has_its_own_fault_and_its_error_is_told(copy, run):
    source = (copy / "snippets" / "bugs" / "linear-noncontiguous-weight.py").read_text(encoding="utf-8")
    path = copy / "linear-of-mine.py"
    path.write_text(source, encoding="utf-8")
    tried = run("try", path.name)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    broken = source.replace("return x.to(device) @ w.to(device)", "return (x @ w).to('no-such-device')")
    path.write_text(broken, encoding="utf-8")
    tried = run("try", path.name)
    assert tried.returncode == 1 and "no-such-device" in tried.stdout
    assert "control must agree on the healthy device" in tried.stdout.splitlines()[-1]


def test_a_bug_that_cannot_be_imitated_says_why_and_is_measured_healthy(copy, run):
    assert run("new", RACE["slug"]).returncode == 0
    path = copy / "snippets" / "bugs" / f"{RACE['slug']}.py"
    assert catalogue.parts_of(path)[1]["absent"] == {"affected": "no source names a version", **RACE["absent"]}
    source = path.read_text(encoding="utf-8").replace("torch.todo(", "torch.matmul(x.to(device), ")
    lines = [line for line in source.splitlines(keepends=True) if not line.strip().startswith(("# TODO", "TODO"))]
    path.write_text("".join(lines).replace("  # TODO: the smallest that shows it", ""), encoding="utf-8")
    tried = run("try", RACE["slug"])
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert f"not proven by emulation: {RACE['absent']['trigger']}" in tried.stdout
    assert "Next: the check agrees where it must, not proven by emulation: commit" in tried.stdout


def test_every_row_can_begin():
    """What is begun is Python whose facts the schema has; only trigger and effect may ask for a word."""
    for bug in catalogue.rows():
        source = f"{draft.docstring(bug)}\n{mend.literal(draft.facts(bug))}\n{draft.functions(bug)}"
        ast.parse(source)
        assert list(schema.problems(draft.facts(bug), "snippet")) == [], bug.slug


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1", "no row of reported.jsonl is called '1' or names that thread"),
        ("no-such-bug", "no row of reported.jsonl is called 'no-such-bug'"),
        ("161640", "161640 has a snippet already: linear-noncontiguous-weight."),
        ("owner/project#12", f"owner/project#12 is the thread of {RACE['slug']}, {WHERE['slug']}: name one of them."),
    ],
)
def test_what_cannot_be_begun_is_one_sentence(copy, run, name, said):
    done = run("new", name)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr and done.stderr.count("\n") == 1
    assert slugs(copy) == [RACE["slug"], WHERE["slug"]]


def test_a_file_is_never_written_over(copy, run):
    path = copy / "snippets" / "bugs" / f"{WHERE['slug']}.py"
    path.write_text("mine", encoding="utf-8")
    done = run("new", WHERE["slug"])
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert path.read_text(encoding="utf-8") == "mine" and slugs(copy) == [RACE["slug"], WHERE["slug"]]


def test_the_row_stays_where_the_snippet_cannot_be_written(tmp_path, monkeypatch):
    rows = tmp_path / "reported.jsonl"
    rows.write_text(json.dumps(WHERE) + "\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "ROWS", rows)
    (bug,) = catalogue.rows(rows)
    with pytest.raises(OSError):
        new.move(bug, tmp_path / "no-such-folder" / "x.py", "text")
    assert json.loads(rows.read_text(encoding="utf-8")) == WHERE


def test_no_snippet_is_left_where_the_row_cannot_be_taken_out(tmp_path, monkeypatch):
    rows = tmp_path / "reported.jsonl"
    rows.write_text(json.dumps(WHERE) + "\n", encoding="utf-8")
    (bug,) = catalogue.rows(rows)
    monkeypatch.setattr(catalogue, "ROWS", rows)
    rows.unlink()
    rows.mkdir()  # a folder stands where the file should be
    path = tmp_path / "x.py"
    with pytest.raises(OSError):
        new.move(bug, path, "text")
    assert not path.exists()
