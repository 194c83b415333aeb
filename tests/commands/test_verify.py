"""The steps of `make verify`: done once, skipped while nothing changes, stopped at the first that cannot run."""

import json
import sys

import click.testing
import pytest

from mpscheck.commands import verify

SAY = "import sys; print('first'); print('last words'); sys.exit({code})"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A root of its own, and a machine that needs no torch to be described."""
    monkeypatch.setattr(verify, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "MEMORY", tmp_path / ".cache" / "verify.json")
    monkeypatch.setattr(verify, "machine", lambda device: {"device": device})
    (tmp_path / "input.txt").write_text("one")
    return tmp_path


def step(title="A step", code=0, **changes):
    command = (sys.executable, "-c", SAY.format(code=code))
    return verify.Step(title, command, **({"reads": ("*.txt",)} | changes))


@pytest.fixture
def run(monkeypatch):
    """Run `mpscheck verify` with these steps; exit code and output."""

    def called(*steps, fresh=False):
        monkeypatch.setattr(verify, "steps_on", lambda device, fresh: list(steps))
        wrapped = click.testing.CliRunner().invoke(click.command()(lambda: sys.exit(verify.main("emu", fresh))))
        return wrapped.exit_code, wrapped.output

    return called


def test_a_step_is_done_once_and_then_says_that_nothing_has_changed(run):
    assert "first\nlast words\n" in run(step())[1]
    code, output = run(step())
    assert code == 0 and "first" not in output
    assert "Nothing to do" in output and "(nothing changed): last words" in output


def test_a_changed_file_another_machine_or_a_missing_product_does_it_again(run, folder, monkeypatch):
    product = step(makes="site.html")
    (folder / "site.html").write_text("")
    run(product)
    assert "first" not in run(product)[1]
    (folder / "input.txt").write_text("two")
    assert "first" in run(product)[1]
    (folder / "site.html").unlink()
    assert "first" in run(product)[1]
    (folder / "site.html").write_text("")
    monkeypatch.setattr(verify, "machine", lambda device: {"device": device, "macos_build": "other"})
    assert "first" in run(product)[1]


def test_fresh_does_it_again(run):
    run(step())
    assert "first" in run(step(), fresh=True)[1]


def test_a_file_changed_while_the_step_runs_does_it_again(run):
    code = "import pathlib; p = pathlib.Path('input.txt'); p.write_text(p.read_text() + '!'); print('wrote')"
    rewriting = verify.Step("Rewrite", (sys.executable, "-c", code), reads=("*.txt",))
    run(rewriting)
    assert "nothing changed" not in run(rewriting)[1]


def test_a_step_without_inputs_is_always_called(run):
    assert "first" in run(step(reads=()))[1]
    assert "first" in run(step(reads=()))[1]


def test_the_first_step_that_cannot_run_ends_it(run):
    code, output = run(step("Good"), step("Bad", code=2), step("Never"))
    assert code == 2
    assert "Step 2 (Bad) ended with exit code 2" in output and "[3/3]" not in output
    assert "[1/2] Good" in run(step("Good"), step("Mended"))[1]


def test_what_was_done_before_a_failure_is_kept(run):
    run(step("Good"), step("Bad", code=2))
    assert "Nothing to do" in run(step("Good"), step("Bad", code=2))[1]


def test_ctrl_c_says_that_what_was_done_is_kept(run, monkeypatch):
    def interrupted(step):
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "run", interrupted)
    code, output = run(step())
    assert code == 2 and "What was done is kept" in output


def test_a_finding_goes_on_is_kept_and_ends_with_1(run):
    found = step("Validate", code=3, finding=3)
    for _ in range(2):
        code, output = run(found, step("After"))
        assert code == 1
        assert "!!  Validate" in output and "[2/2] After" in output and "not as expected" in output


def test_a_spoilt_memory_is_no_memory(run, folder):
    run(step())
    verify.MEMORY.write_text("{")
    assert "first" in run(step())[1]


def test_an_emulated_run_says_that_it_says_nothing_about_a_mac(run, monkeypatch):
    assert "says nothing about a Mac" in run(step())[1]
    monkeypatch.setattr(verify.provenance, "evidence_of", lambda device: "measured")
    assert "says nothing about a Mac" not in run(step())[1]


def test_the_real_steps_in_their_order():
    steps = verify.steps_on("emu", fresh=False)
    words = [" ".join(step.command) for step in steps]
    order = [
        "run --device emu --resume",
        "controls --resume",
        "ioi-small",
        "smollm2",
        "mpscheck.cli site",
        "mkdocs build --strict",
        "csp.py site",
    ]
    assert all(part in text for part, text in zip(order, words, strict=True))
    assert all("-q" not in step.command for step in steps)  # mkdocs -q hides what --strict counts
    assert not any("--resume" in step.command for step in verify.steps_on("emu", fresh=True))
    assert (
        steps[2].variables["MPSCHECK_EMU"] == "1" and "MPSCHECK_EMU" not in verify.steps_on("mps", False)[2].variables
    )


def test_what_is_remembered_is_readable_json(run):
    run(step())
    assert json.loads(verify.MEMORY.read_text())["A step"]["words"] == "last words"
