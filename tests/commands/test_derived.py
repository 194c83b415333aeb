"""`mpscheck derived`: what is not current is named with its reason; a word or a bug makes nothing else stale."""

import ast
import dataclasses
import shutil

import pytest

from mpscheck.bugs import catalogue, code_hash, effect, trigger
from mpscheck.commands import derived
from mpscheck.runs import emulated, made_of

LINEAR = catalogue.find("linear-noncontiguous-weight")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package whose files a test can change; the hashes are of the copy."""
    copy = tmp_path / "mpscheck"
    shutil.copytree(made_of.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(made_of, "PACKAGE", copy)

    def change(name, old, new):
        source = (copy / name).read_text()
        assert old in source
        (copy / name).write_text(source.replace(old, new, 1))
        forget()

    forget()
    yield change
    forget()


def forget():
    for cached in (made_of.device, made_of.imitation, made_of.code):
        cached.cache_clear()


def test_a_new_effect_word_leaves_every_result_as_it_was(package):
    before = {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()}
    package(
        "emulation/effects.py",
        "IMITATIONS = {",
        'def doubles(call, run, target, value=None):\n    return 2\n\n\nIMITATIONS = {\n    "doubles": doubles,',
    )
    package("bugs/effect.py", "WORDS = {", 'WORDS = {\n    "doubles": Word("{} twice", "result", "result"),')
    assert {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()} == before


def test_a_new_tag_and_a_new_comparator_leave_every_result_as_it_was(package):
    before = {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()}
    package("bugs/properties.py", '    "neginf": lambda', '    "holes": lambda t: False,\n    "neginf": lambda')
    package("bugs/properties.py", '    "==": operator.eq', '    "like": operator.is_,\n    "==": operator.eq')
    assert {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()} == before


def test_a_new_property_of_triggers_leaves_every_result_as_it_was(package):
    before = {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()}
    package(
        "bugs/properties.py",
        '    "numel": lambda',
        '    "rank": lambda t, dim, accelerator: t.ndim,\n    "numel": lambda',
    )
    assert {bug.slug: made_of.of_check(bug) for bug in catalogue.with_check()} == before


def test_a_changed_imitation_counts_for_the_bugs_that_use_it_alone(package):
    before = {bug.slug: made_of.fault_of(bug) for bug in catalogue.with_check()}
    package("emulation/effects.py", "t.as_strided(t.shape, t.stride(), 0)", "t.as_strided(t.shape, t.stride(), 1)")
    changed = {slug for slug, value in before.items() if made_of.fault_of(catalogue.find(slug)) != value}
    assert (
        changed
        == {bug.slug for bug in catalogue.with_check() if bug.effect and bug.effect.word == "ignores-offset"}
        != set()
    )


def test_what_an_imitation_calls_counts_too(package):
    before = made_of.fault_of(LINEAR)
    package("emulation/effects.py", "strides[::-1]", "strides")  # of packed_strides, which ignores-strides reaches
    assert made_of.fault_of(LINEAR) != before


def test_a_changed_property_or_device_counts(package):
    before = made_of.of_check(LINEAR)
    package("bugs/properties.py", "if tensor.is_contiguous():", "if not tensor.is_contiguous():")
    assert made_of.changed(before, made_of.of_check(LINEAR)) == ["fault"]
    package("emulation/kernels.py", "import torch\n", "import torch\n\nONE = 1\n")
    assert made_of.changed(before, made_of.of_check(LINEAR)) == ["fault", "device"]


def test_another_trigger_or_effect_counts():
    before = made_of.fault_of(LINEAR)
    other = dataclasses.replace(LINEAR, effect=effect.parse("ignores-strides(input)"))
    narrower = dataclasses.replace(LINEAR, triggers=trigger.parse([{"op": ["linear"]}]))
    assert len({before, made_of.fault_of(other), made_of.fault_of(narrower)}) == 3


def test_a_root_that_is_not_there_is_an_error_and_no_empty_hash():
    with pytest.raises(KeyError):
        code_hash.reached_hash("x = 1", "y")
    with pytest.raises(KeyError):
        code_hash.reached_hash("TABLE = {'a': 1}", "TABLE[b]")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Results of one bug that is there and one that is gone; another bug has none yet."""
    monkeypatch.setattr(emulated, "PUBLISHED", tmp_path)
    old = made_of.of_check(LINEAR) | {"check": "0" * 16}
    for name in (LINEAR.slug, "a-bug-that-is-gone"):
        emulated.write(tmp_path, "controls", name, {}, old, {})
    monkeypatch.setattr(
        derived.catalogue, "with_check", lambda: (LINEAR, dataclasses.replace(LINEAR, slug="a-new-bug"))
    )
    return tmp_path


def test_each_file_that_is_not_current_is_named_with_its_reason(kept, capsys):
    assert derived.main(("controls",), check=True) == 1
    said = capsys.readouterr().out
    assert "controls: 3 not current" in said
    assert "a-bug-that-is-gone: what it is about is gone" in said
    assert "a-new-bug: not made yet" in said
    assert f"{LINEAR.slug}: changed since: check" in said


def test_what_cannot_be_renewed_is_one_sentence_and_the_others_are(kept, capsys, monkeypatch):
    def cannot(*arguments):
        raise RuntimeError("no room on the disk")

    monkeypatch.setattr(derived, "mpscheck", cannot)
    assert derived.main(("controls",), check=False) == 1
    said = capsys.readouterr().err
    assert f"a-new-bug, {LINEAR.slug} could not be renewed: no room on the disk" in said  # both by one command
    assert not (kept / "controls" / "a-bug-that-is-gone.json").exists()


def test_a_notebook_whose_environment_is_not_here_is_a_sentence_and_no_error(monkeypatch, capsys):
    monkeypatch.setattr(derived.notebooks, "stale", lambda path: "changed since: cells")
    monkeypatch.setattr(derived.notebooks, "paths", lambda: [derived.notebooks.NOTEBOOKS / "case.ipynb"])
    monkeypatch.setattr(derived.environments, "is_made", lambda name: name == "transformerlens-3.9.0")
    for check in (True, False):
        assert derived.main(("notebooks",), check) == 0
        said = capsys.readouterr()
        assert "case.ipynb: changed since: cells. It is shown as it was: it needs what" in said.out
        assert "mpscheck environments transformerlens-2.17.0`" in said.out and not said.err


def test_what_needs_more_memory_than_is_here_is_a_sentence_and_no_error(kept, capsys, monkeypatch):
    large = dataclasses.replace(LINEAR, check=dataclasses.replace(LINEAR.check, memory=1e6))
    monkeypatch.setattr(derived.catalogue, "with_check", lambda: (large,))
    monkeypatch.setattr(derived.transcripts, "TOOLS", ())
    (kept / "controls" / "a-bug-that-is-gone.json").unlink()
    for check in (True, False):
        assert derived.main(("controls", "transcripts"), check) == 0
        said = capsys.readouterr()
        assert f"{LINEAR.slug}: changed since: check. It is left as it was: it needs 1e+06 GiB, " in said.out
        assert f"{LINEAR.slug}-healthy, {LINEAR.slug}-sick: not made yet. It is left as it was" in said.out
        assert not said.err


def test_current_is_said_of_what_is_current(kept, capsys):
    (kept / "controls" / "a-bug-that-is-gone.json").unlink()
    for name in (LINEAR.slug, "a-new-bug"):
        emulated.write(kept, "controls", name, {}, made_of.of_check(LINEAR), {})
    assert derived.main(("controls",), check=True) == 0
    assert capsys.readouterr().out == "controls: current\n"


def test_many_files_of_one_reason_are_one_line():
    some = [derived.Stale("controls", f"bug-{n}", "not made yet", lambda names: None) for n in range(300)]
    assert derived.reasons(some) == ["bug-0, bug-1, bug-2, bug-3 and 296 more: not made yet"]


def test_the_command_line_offers_every_kind(root):
    tree = ast.parse((root / "src/mpscheck/cli.py").read_text())
    offered = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.List) and any(getattr(e, "value", 0) == "bundles" for e in node.elts)
    ]
    assert [e.value for e in offered[0].elts] == list(derived.KINDS)


def test_all_rows_of_a_model_and_entry_point_are_one_command(monkeypatch):
    called = []
    monkeypatch.setattr(derived, "mpscheck", lambda *arguments: called.append(arguments))
    monkeypatch.setattr(derived.emulated, "stale", lambda kind, now: dict.fromkeys(now, "changed since: device"))
    assert derived.main(("detection",), check=False) == 0
    subjects = [(arguments[3], arguments[5]) for arguments in called]
    assert len(subjects) == len(set(subjects)) == 3  # as the published table has
    for arguments in called:
        assert set(arguments[6:]) == set(derived.detection.known_faults())
