"""Run files are taken in if they follow the schema and were measured on mps, and refused in one sentence if not."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import cause, repeated
from mpscheck.runs import journal, provenance, results, worker

MAC = {
    "evidence": "measured", "date": "2026-11-24T17:00:00+00:00", "torch": "2.8.0", "torch_git": "a1cb3cc05d46",
    "python": "3.11.9", "device": "mps", "gpu": "Apple Paravirtual device", "virtual": True, "chip": "Apple M1 (Virtual)",
    "system": "Darwin", "macos": "26.2", "macos_build": "25C56", "mpsgraph": "6.4.2", "runner": "macos26", "variables": {},
}  # fmt: skip
HANG = {
    "snippet": "linear-noncontiguous-weight", "code": "0" * 16, "dtype": "float32",
    "attempts": [{
        "outcome": "hang", "reason": "no answer within 120 seconds", "before": [],
        "functions": {"control": {"p_value": 0.5, "false_alarm": 1e-9}},
    }],
}  # fmt: skip


@pytest.fixture
def deliver(fit):
    """Put a run of a fit machine into a folder."""

    def put(folder, name="run.json", records=(HANG,), **provenance):
        folder.mkdir(parents=True, exist_ok=True)
        run = fit(results.document(MAC | provenance, list(records)))
        (folder / name).write_text(results.text(run))

    return put


GH = '#!/bin/sh\necho "$@" >> {log}\necho "no attestations found"\nexit {code}\n'  # in place of GitHub's own


@pytest.fixture
def collect(root, tmp_path, monkeypatch):
    """Run the script on tmp_path/in as a job of GitHub, in a process that has no torch; the finished process."""

    def run(attested=True):
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "gh").write_text(GH.format(log=tmp_path / "gh.log", code=0 if attested else 1))
        (tools / "gh").chmod(0o755)
        for name, value in {
            "PATH": f"{tools}:{os.environ['PATH']}", "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "an-owner/mps-check", "GITHUB_RUN_ID": "7",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        script, folders = str(root / "scripts/ci/collect_runs.py"), (str(tmp_path / "in"), "--to", str(tmp_path / "to"))
        start = f"import runpy, sys; sys.modules['torch'] = None; sys.path.insert(0, {str(root / 'scripts/ci')!r})"
        code = f"{start}; runpy.run_path({script!r}, run_name='__main__')"
        command = [sys.executable, "-c", code, *folders, "--body", str(tmp_path / "body.md")]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    return run


def taken(tmp_path, folder="runs") -> list[str]:
    return sorted(path.name for path in (tmp_path / "to" / folder).glob("*"))


def test_a_run_is_published_with_the_job_that_brought_it(collect, tmp_path, deliver):
    deliver(tmp_path / "in")
    digest = hashlib.sha256((tmp_path / "in" / "run.json").read_bytes()).hexdigest()
    assert collect().returncode == 0
    run = results.read(tmp_path / "to" / "runs" / taken(tmp_path)[0])
    assert run.pop("published") == {
        "address": "https://github.com/an-owner/mps-check/actions/runs/7",
        "sha256": digest,
    }
    assert hashlib.sha256(results.text(run).encode()).hexdigest() == digest, "without it, it is what the job wrote"
    asked = (tmp_path / "gh.log").read_text()
    assert "attestation verify" in asked and "--repo an-owner/mps-check" in asked
    assert "--signer-workflow an-owner/mps-check/.github/workflows/measure.yml" in asked
    assert "--source-ref refs/heads/main" in asked


def test_a_run_that_nothing_attests_is_unverified(collect, tmp_path, deliver):
    deliver(tmp_path / "in")
    done = collect(attested=False)
    assert done.returncode == 0 and "(unverified: not attested: no attestations found)" in done.stdout
    assert taken(tmp_path) == [] and len(taken(tmp_path, "unverified")) == 1
    run = results.read(tmp_path / "to" / "unverified" / taken(tmp_path, "unverified")[0])
    assert "published" not in run


def test_a_run_that_says_itself_who_brought_it_is_refused(collect, tmp_path, deliver):
    deliver(tmp_path / "in")
    path = tmp_path / "in" / "run.json"
    forged = json.loads(path.read_text()) | {
        "published": {"address": "https://github.com/an-owner/mps-check/actions/runs/7", "sha256": "0" * 64}
    }
    path.write_text(results.text(forged))
    done = collect()
    assert done.returncode == 1 and "not its to say" in done.stdout and taken(tmp_path) == []


def test_runs_of_several_jobs_are_taken_under_names_of_their_own(collect, tmp_path, deliver):
    deliver(tmp_path / "in" / "run-2.8.0-macos-26")
    deliver(tmp_path / "in" / "run-2.8.0-macos-15", macos="15.7", macos_build="24G222")
    done = collect()
    assert done.returncode == 0, done.stderr
    assert len(taken(tmp_path)) == 2
    assert (tmp_path / "body.md").read_text().endswith(done.stdout)
    assert "- torch 2.8.0, macOS 26.2 (25C56), Apple Paravirtual device (virtual): 1 hang" in done.stdout


def test_a_newer_run_of_the_same_environment_replaces_the_older_one(collect, tmp_path, deliver):
    deliver(tmp_path / "in" / "a")
    deliver(tmp_path / "in" / "b", date="2026-11-25T17:00:00+00:00")
    assert collect().returncode == 0
    [name] = taken(tmp_path)
    assert "2026-11-25" in (tmp_path / "to" / "runs" / name).read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": "emu", "evidence": "emulated"}, "was measured on emu, not on mps"),
        ({"device": "cuda"}, "was measured on cuda, not on mps"),
        ({"device": "emu"}, "is not a run file"),  # an emulated run that calls itself measured
        ({"date": "yesterday"}, "is not a run file: provenance/date"),
        ({"extra": 1}, "is not a run file: provenance"),
        ({"records": []}, "has no number: nothing was measured"),
        ({"records": [HANG | {"attempts": [HANG["attempts"][0] | {"functions": {}}]}]}, "has no number"),
        ({"records": [HANG | {"snippet": "no-such-bug"}]}, "not in the catalogue: no-such-bug"),
        ({"records": [HANG | {"snippet": "../../etc/passwd"}]}, "is not a run file"),
    ],
)
def test_what_must_not_be_published_is_refused_in_one_sentence(collect, tmp_path, deliver, change, words):
    deliver(tmp_path / "in", **change)
    done = collect()
    assert done.returncode == 1
    assert done.stdout.startswith("- refused: run.json") and words in done.stdout
    assert done.stdout.count("\n") == 1 and taken(tmp_path) == []


def test_a_bad_file_does_not_keep_the_good_ones_out(collect, tmp_path, deliver):
    deliver(tmp_path / "in", "good.json")
    (tmp_path / "in" / "bad.json").write_text("{")
    done = collect()
    assert done.returncode == 0
    assert "refused: bad.json" in done.stdout and len(taken(tmp_path)) == 1


def test_what_a_stopped_run_left_is_taken_where_it_has_no_run_file(collect, tmp_path, deliver):
    def left(folder, record):
        with journal.Journal(tmp_path / "in" / folder / "run.json", MAC, resume=False) as part:
            part.append(record)

    left("stopped", HANG)
    left("nothing", HANG | {"attempts": [HANG["attempts"][0] | {"functions": {}}]})
    deliver(tmp_path / "in" / "done", macos="15.7", macos_build="24G222")
    left("done", HANG)
    done = collect()
    assert done.returncode == 0, done.stderr
    assert len(taken(tmp_path)) == 1 and done.stdout.count("- torch 2.8.0") == 2
    assert len(taken(tmp_path, "unverified")) == 1, "nobody attests what a stopped run left"
    assert "- refused: run.part.jsonl has no number: nothing was measured" in done.stdout


def test_no_delivery_at_all_is_said(collect, tmp_path):
    (tmp_path / "in").mkdir()
    done = collect()
    assert done.returncode == 1 and "no job delivered a run file" in done.stdout


def test_a_name_made_from_provenance_stays_in_the_folder(collect, tmp_path, deliver):
    deliver(tmp_path / "in", gpu="../../../outside", macos_build="/etc/x")
    assert collect().returncode == 0
    [name] = taken(tmp_path)
    assert "/" not in name and not name.startswith(".")


def test_a_real_run_of_this_machine_is_refused_for_its_device_alone(collect, tmp_path, fit):
    bug, out = catalogue.find("triu-minus-inf-gives-nan"), tmp_path / "in" / "run.json"
    record = {"snippet": bug.slug, "code": bug.check.code_hash, "dtype": "float32"}
    record["attempts"] = [worker.run_job(bug.slug, str(bug.check.path), bug.check.functions, "emu", "float32", ())]
    run = results.document(provenance.collect("emu"), [record])
    results.write(out, run)
    assert "was measured on emu, not on mps" in collect().stdout
    out.write_text(json.dumps(run | {"provenance": MAC}))
    assert "1 unfit (nobody looked whether the machine was fit before its first record)" in collect().stdout
    out.write_text(json.dumps(fit(run | {"provenance": MAC})))
    done = collect()
    assert done.returncode == 0 and "1 agrees" in done.stdout


REPEATED = {  # made up: no fact about any Mac
    "experiment": "TransformerLens#1178",
    "environment": {
        "python": "3.9.13", "system": "Darwin", "device": "mps", "date": "2026-01-02T03:04:05+00:00", "macos": "15.0",
        "macos_build": "24X1", "chip": "Made-up", "model": None, "virtual": True, "image": None, "address": None,
        "torch": "2.8.0", "transformer-lens": "2.17.0", "transformers": "4.57.6", "numpy": "1.26.4",
    },
    "prompt": "When Mary", "canaries": [], "gpu_fault": None, "validate_mps": None,
    "runs": {
        name: {"p_mary": 0.5, "p_john": 0.2, "ld": 1.0, "top1": " Mary", "tokens": [[1]]}
        for name in ("the CPU", "as reported", "W_O packed", "use_attn_result")
    },
}  # fmt: skip


@pytest.fixture
def deliver_report(known_good):
    """Put a result of the repeated report, on a fit machine, into a folder."""

    def put(tmp_path, **environment):
        (tmp_path / "in" / "reporter-macos-15").mkdir(parents=True)
        calls = [canary | {"after": after} for after in (0, len(cause.ON_DEVICE)) for canary in known_good]
        found = REPEATED | {"environment": REPEATED["environment"] | environment, "canaries": calls}
        (tmp_path / "in" / "reporter-macos-15" / "result.json").write_text(json.dumps(found))

    return put


def test_the_repeated_report_is_taken_in_beside_the_runs(collect, tmp_path, deliver, deliver_report):
    deliver(tmp_path / "in" / "run-2.8.0-macos-15")
    deliver_report(tmp_path)
    done = collect()
    assert done.returncode == 0 and "TransformerLens#1178 repeated on macOS 15.0: not shown" in done.stdout
    assert len(taken(tmp_path)) == 1 and len(repeated.read_folder(tmp_path / "to" / "reporter")) == 1


@pytest.mark.parametrize("change", [{"device": "emu"}, {"torch": "2.8.0; rm"}, {"user": "jane"}])
def test_a_repeated_report_that_must_not_be_published_is_refused(collect, tmp_path, deliver_report, change):
    deliver_report(tmp_path, **change)
    done = collect()
    assert done.returncode == 1 and done.stdout.startswith("- refused: result.json")
    assert not (tmp_path / "to" / "reporter").exists()
