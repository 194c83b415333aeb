"""A file run in a process that has torch already: it prints what it prints for a reader, and leaves nothing behind."""

import pytest

from mpscheck.bugs import catalogue
from mpscheck.places import ROOT
from mpscheck.runs import warm

LINEAR = catalogue.find("linear-noncontiguous-weight")


@pytest.mark.parametrize("sick", [(), (LINEAR,)], ids=["healthy", "sick"])
def test_it_prints_and_ends_as_in_a_process_of_its_own(sick, python):
    arguments = (str(LINEAR.path), "--device", "emu")
    faults = {"MPSCHECK_FAULTS": LINEAR.slug} if sick else {}
    own = python(*arguments, MPSCHECK_EMU="1", **faults)
    ended = warm.python(arguments, *sick)
    assert ended.out == own.stdout != ""
    assert ended.status == own.returncode == (3 if sick else 0)


@pytest.fixture
def run(tmp_path):
    """run(source): what a file with this text prints and how it ends."""

    def run(source: str, *sick) -> warm.Ended:
        path = tmp_path / "program.py"
        path.write_text(source)
        return warm.python((str(path), "an argument"), *sick)

    return run


def test_each_program_is_alone(run):
    """Neither what one does to torch, nor its fault, nor its folder, nor its death is met by the next."""
    program = (
        "import os, sys, torch\n"
        "print(hasattr(torch, 'mine'), os.getcwd(), sys.argv[1:], __name__)\n"
        "w = torch.arange(6.).reshape(2, 3).to('emu').T\n"
        "print(torch.nn.functional.linear(torch.ones(1, 2).to('emu'), w).cpu().tolist())\n"
        "torch.mine = 1; os.chdir('/')\n"
    )
    first = run(program)
    assert first == warm.Ended(0, f"False {ROOT} ['an argument'] __main__\n[[3.0, 5.0, 7.0]]\n", "")
    assert run(program, LINEAR).out != first.out
    assert run("import os; os.abort()").status == -6
    assert run(program) == first


def test_each_program_draws_numbers_of_its_own(run):
    draw = "import torch; print(torch.rand(3).tolist(), torch.rand(3, device='emu').tolist())"
    assert run(draw).out != run(draw).out


def test_what_ends_a_program_with_words_is_said_on_its_stderr(run):
    assert run("import sys; print('before'); sys.exit('no such thing')") == warm.Ended(1, "before\n", "no such thing\n")
    raised = run("raise ValueError('no such number')")
    assert raised.status == 1 and "ValueError: no such number" in raised.err
