"""The made-up runs: the same each time, each planted case in them, and refused by whatever reads published results."""

import json
import shutil
import subprocess
import sys

import pytest

from mpscheck.bugs import catalogue
from mpscheck.rehearsal import planted, records, runs
from mpscheck.runs import fitness, numerics, results, slim

PLAN = planted.load()
HERE = [  # (case, finding, set-up) of each thing that is planted
    pytest.param(case, found, setup, id=f"{case.name}-{setup.torch}-{setup.machine}")
    for case in PLAN.cases
    for found in case.found
    for setup in PLAN.setups
    if found.is_in(setup)
]


@pytest.fixture(scope="module")
def folder(clone):
    """All of them, as `mpscheck rehearse` writes them."""
    return clone / ".cache" / "rehearsal" / "results"


@pytest.fixture(scope="module")
def made(folder) -> dict[planted.Setup, dict]:
    """The made-up runs by set-up, read as the rehearsal reads them."""
    found = {}
    for name in planted.FOLDERS:
        for run in (results.read(path, schema=folder / "schema.json") for path in (folder / name).glob("*.json")):
            found |= {setup: run for setup in PLAN.setups if setup.date == run["provenance"]["date"]}
    assert len(found) == len(PLAN.setups)
    return found


def of(run: dict, slug: str, dtype: str | None = None) -> dict:
    """The record of a bug in a run."""
    return next(r for r in run["records"] if r["snippet"] == slug and dtype in (None, r["dtype"]))


def finding(run: dict, slug: str, dtype: str | None = None) -> str:
    return numerics.finding(of(run, slug, dtype), catalogue.find(slug).kind)


def test_the_grid_is_whole(made):
    where = [run["provenance"] for run in made.values()]
    seen = {(w["torch"], w["macos"].partition(".")[0], w["virtual"]) for w in where}
    releases = {setup.torch for setup in PLAN.setups}
    assert len(releases) >= 10
    for version in releases - {"2.14.2", "2.16.0"}:
        assert {(version, macos, virtual) for macos in ("15", "26", "27") for virtual in (True, False)} <= seen
    slugs = {bug.slug for bug in runs.few(catalogue.with_check())}
    assert all({record["snippet"] for record in run["records"]} == slugs for run in made.values())


def test_a_release_that_no_file_knows_and_a_patch_after_a_newer_minor():
    known = (results.RESULTS.parent / "catalogue" / "torch-releases.json").read_text(encoding="utf-8")
    assert '"2.16.0"' not in known and any(setup.torch == "2.16.0" for setup in PLAN.setups)
    patch = min(setup.date for setup in PLAN.setups if setup.torch == "2.14.2")
    assert min(setup.date for setup in PLAN.setups if setup.torch == "2.15.0") < patch


@pytest.mark.parametrize(("case", "found", "setup"), HERE)
def test_each_case_is_where_it_is_planted(made, case, found, setup):
    run = made[setup]
    if case.snippet is None:
        failing = {
            c["name"] for c in run["canaries"] if numerics.verdict_of_attempt(c["attempt"], "compute") == "wrong"
        }
        assert failing == {found.kind}
        return
    bug, record = catalogue.find(case.snippet), of(run, case.snippet, found.dtype)
    shows, got = numerics.SHOWS[bug.kind], numerics.finding(record, bug.kind)
    if found.kind == "right":
        assert got == "agrees" and record["code"] == bug.check.code_hash
    elif found.kind in ("sick", "control wrong", "workaround wrong"):
        assert got == "not-separable" if found.kind == "control wrong" else got in shows
        others = {name: numerics.verdict(record, name) for name in ("control", "workaround")}
        assert [name for name, verdict in others.items() if verdict == "wrong"] == found.kind.split()[:-1]
    elif found.kind == "sick once":
        assert [numerics.verdict_of_attempt(a, "compute") in shows for a in record["attempts"]] == [True, False]
    elif found.kind == "another shape":
        assert "cpu_shape" in record["attempts"][0]["functions"]["compute"]["outputs"][0] and got == "wrong"
    elif found.kind == "outdated":
        assert record["code"] == records.OUTDATED
    else:
        assert record["attempts"][0]["outcome"] == found.kind and record["attempts"][0]["reason"] == found.reason


def test_the_other_machines_are_fit(made):
    unfit = PLAN.case("unfit-machine").found[0]
    for setup, run in made.items():
        assert bool(fitness.fitness(run).unfit) == unfit.is_in(setup)


def test_each_machine_that_a_case_needs_is_there():
    for case in PLAN.cases:
        for found in case.found:
            missing = set(found.machines) - {setup.machine for setup in PLAN.setups if found.is_in(setup)}
            assert missing == set(), case.name


def test_the_cases_are_what_they_are_called(made):
    def where(name: str) -> tuple[dict, str, str]:
        """(run, what is said of the bug there, what was found) of the first finding of a case."""
        case = PLAN.case(name)
        run = next(made[setup] for setup in PLAN.setups if case.found[0].is_in(setup))
        where, bug = run["provenance"], catalogue.find(case.snippet)
        return run, bug.state(where["torch"], where["macos"]), finding(run, case.snippet)

    assert where("expected-fault")[1:] == ("affected", "wrong")
    assert where("said-affected-measured-right")[1:] == ("affected", "agrees")
    assert where("said-fixed-measured-wrong")[1:] == ("not affected", "wrong")
    assert where("patch-after-a-newer-minor")[1:] == ("affected", "wrong")
    disagreeing = [made[s] for f in PLAN.case("two-runs-disagree").found for s in PLAN.setups if f.is_in(s)]
    assert (
        len({(r["provenance"]["torch"], r["provenance"]["macos"][:2], r["provenance"]["virtual"]) for r in disagreeing})
        == 1
    )
    for name in ("unverified-right", "unverified-wrong", "words-of-a-stranger"):
        assert next(s for s in PLAN.setups if PLAN.case(name).found[-1].is_in(s)).folder == "unverified"


def test_what_is_wrong_or_against_the_claim_was_tried_twice(made):
    for run in made.values():
        for record in run["records"]:
            bug, where = catalogue.find(record["snippet"]), run["provenance"]
            found = numerics.finding(record, bug.kind)
            against = found == "agrees" and bug.state(where["torch"], where["macos"]) == "affected"
            if found in numerics.SHOWS[bug.kind] or against:
                assert len(record["attempts"]) == 2, record["snippet"]


def test_what_is_wrong_says_where_and_by_how_much(made):
    for run in made.values():
        for record in run["records"]:
            for attempt in record["attempts"]:
                numbers = attempt["functions"].get("compute")
                if numbers and numerics.has_ratio(numbers) and numerics.verdict_of(numbers) == "wrong":
                    worst = numerics.worst_output(numbers)
                    assert worst["first_wrong"]["device"] != worst["first_wrong"]["cpu"] and worst["device"]["wrong"]


def test_the_same_runs_each_time(made):
    def numbers(run: dict, slugs: set[str]) -> list[dict]:
        """The records of these checks, without what was measured before them."""
        found = json.loads(json.dumps([record for record in run["records"] if record["snippet"] in slugs]))
        for record in found:
            record["attempts"] = [attempt | {"before": []} for attempt in record["attempts"]]
        return found

    few = runs.few(catalogue.with_check())[::9]
    again = {run["provenance"]["date"]: run for _, run in runs.made(PLAN, few)}
    for run in made.values():
        other = again[run["provenance"]["date"]]
        assert other["provenance"] == run["provenance"]
        assert numbers(other, {bug.slug for bug in few}) == numbers(run, {bug.slug for bug in few}) != []


@pytest.mark.parametrize("slug", ["lstm-eval-uses-train-graph", "rand-5d-batches-identical"])
def test_what_draws_random_numbers_is_the_same_each_time_whatever_was_measured_before(slug):
    """In processes of its own, and in one that others were measured in."""
    bug, other = catalogue.find(slug), catalogue.find("native-dropout-train-none")
    [alone] = records.measured((bug,))
    *_, after = records.measured((other, bug))
    assert alone == after and alone.sick != alone.right


def test_whatever_reads_published_results_refuses_a_made_up_run(folder, tmp_path, root):
    few = [*sorted((folder / "runs").glob("*.json"))[:2], *sorted((folder / "unverified").glob("*.json"))[:1]]
    sentence = "is not a run file: provenance/evidence: 'rehearsal' is not one of ['measured', 'emulated']"
    for file in few:
        with pytest.raises(results.BadResults) as refused:
            results.read(file)
        assert str(refused.value) == f"{file.name} {sentence}"
        shutil.copy(file, tmp_path)
    with pytest.raises(results.BadResults, match=sentence[:40]):
        dict(slim.read(folder / "runs"))
    command = [sys.executable, str(root / "scripts/ci/collect_runs.py"), str(tmp_path), "--to", str(tmp_path / "to")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.count("refused") == len(few) == 3 and not (tmp_path / "to").exists()


def test_a_rehearsal_takes_made_up_runs_alone(folder, mac_run, tmp_path):
    (tmp_path / "mac.json").write_text(json.dumps(mac_run), encoding="utf-8")
    assert results.read(tmp_path / "mac.json") == mac_run
    with pytest.raises(results.BadResults, match="provenance/evidence"):
        results.read(tmp_path / "mac.json", schema=folder / "schema.json")
