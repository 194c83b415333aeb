"""What is stored of library versions is what a run of theirs gives; those of other versions in environments of their own."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import exposure

STORED = exposure.read()
MAIN = "transformerlens-4.3.0"


def stored(name: str, entry: str, model: str = "ioi-small") -> dict:
    return next(r for r in STORED[name]["records"] if (r["entry"], r["model"]) == (entry, model))


def calls_of(record: dict) -> dict:
    """By use, what the pages show of each finding, what is possible, and the ops called."""
    shown = ("slug", "doubt", "op", "library", "count")
    return {
        use: {
            "findings": [[f[name] for name in shown] for f in found["findings"]],
            "possible": {f["slug"]: f["count"] for f in found["possible"]},
            "called": found["called"],
        }
        for use, found in record["uses"].items()
    }


def same_bugs(record: dict, name: str) -> dict:
    """The record without the bugs whose trigger has come or changed since the file was measured."""
    where, now = STORED[name]["provenance"], {}
    now["findings"] = {bug.slug: exposure.fingerprint(bug) for bug in catalogue.with_check()}
    now["possible"] = {bug.slug: exposure.fingerprint(bug) for bug in exposure.drafted(catalogue.rows())}
    then = {"findings": where["bugs"], "possible": where["drafted"]}
    for use in record["uses"].values():
        for kind, bugs in now.items():
            use[kind] = [f for f in use[kind] if f["slug"] in bugs and bugs[f["slug"]] == then[kind].get(f["slug"])]
    return record


@pytest.fixture
def scripts(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts" / "exposure"))


def test_the_files_cover_every_entry_point_of_every_environment(scripts):
    import measure

    assert set(STORED) == set(measure.ENTRIES)
    for name, entries in measure.ENTRIES.items():
        assert {record["entry"] for record in STORED[name]["records"]} == set(entries)


def test_no_file_names_a_place_on_a_machine(root):
    for path in exposure.FOLDER.glob("*.json"):
        text = path.read_text()
        assert str(root) not in text and "/site-packages/" not in text and '"/' not in text


def test_the_main_environment_gives_what_is_stored(scripts, tmp_path):
    import measure

    (tmp_path / "catalogue.json").write_text(json.dumps(measure.bugs()))
    own = measure.probe(Path(sys.executable), "ioi-small", "TransformerBridge", tmp_path / "catalogue.json")
    record = own["record"]  # in a process of its own, as it was stored: what other tests loaded must not count
    kept = same_bugs(copy.deepcopy(stored(MAIN, "TransformerBridge")), MAIN)
    assert calls_of(same_bugs(record, MAIN)) == calls_of(kept)
    assert record["uses"]["forward"]["findings"] and "linear" in record["uses"]["forward"]["called"]


@pytest.mark.matrix
@pytest.mark.parametrize(
    "name, entry",
    [
        ("transformerlens-2.17.0", "HookedTransformer"),
        ("transformerlens-2.17.0", "transformers, sdpa"),
        ("transformerlens-2.18.0", "HookedTransformer"),
        ("transformerlens-3.9.0", "HookedTransformer"),
        ("transformerlens-3.9.0", "HookedTransformer, n_heads = 1"),
        ("transformerlens-3.9.0", "TransformerBridge"),
    ],
)
def test_other_versions_give_what_is_stored(scripts, python_of, tmp_path, name, entry):
    import measure

    python = python_of(name)
    (tmp_path / "catalogue.json").write_text(json.dumps(measure.bugs()))
    found = measure.probe(python, "ioi-small", entry, tmp_path / "catalogue.json")
    assert found["versions"] == STORED[name]["provenance"]["versions"]
    kept = same_bugs(copy.deepcopy(stored(name, entry)), name)
    assert calls_of(same_bugs(found["record"], name)) == calls_of(kept)


@pytest.mark.matrix
def test_the_audit_names_the_projection_of_transformerlens_2_17_from_a_healthy_run(python_of, root, tmp_path):
    """The reporter's library, as a user would run the tool: in its own environment, on the CPU."""
    python = python_of("transformerlens-2.17.0")
    program = tmp_path / "experiment.py"
    program.write_text(
        f"import sys\nsys.path.insert(0, {str(root / 'scripts' / 'exposure')!r})\n"
        "import entries, torch\nmodel = entries.hooked('ioi-small')\nmodel(torch.tensor([[0, 5, 6, 7]]))\n"
    )
    command = [str(python), str(root / "snippets" / "audit_mps.py"), *("--json",)]
    command += ["--torch", "2.8.0", "--macos", "15.6.1", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    (finding,) = [f for f in json.loads(done.stdout)["findings"] if f["slug"] == "linear-noncontiguous-weight"]
    assert finding["library"]["file"] == "transformer_lens/components/abstract_attention.py"
    assert finding["user"]["line"] == 5
    assert (finding["group"], finding["count"]) == ("affected", 2)


def test_bad_names_of_environments_are_refused(root):
    command = [sys.executable, str(root / "scripts" / "exposure" / "measure.py"), "transformerlens-0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is no environment transformerlens-0" in done.stderr
    assert Path(exposure.FOLDER / "transformerlens-0.json").exists() is False
