"""Nothing of a run tells who made it, whatever the home folder, the user and the machine are called."""

import os
import socket
import subprocess
import sys
import unicodedata

import pytest

from mpscheck.bugs import catalogue
from mpscheck.runs import private, provenance

HOMES = ("jane", "Jäne Doe's ☃ (work)", "a", "torch", "tor", "über space/nested one")
MESSAGE = "RuntimeError: torch.nn.functional.linear has no kernel for a tensor of torch.float16 on mps"


@pytest.fixture(params=HOMES)
def home(request, tmp_path, monkeypatch):
    """A home folder of this name, whose user has it too; the machine has one of its own."""
    folder = tmp_path / "Users" / request.param
    folder.mkdir(parents=True)
    for name, value in {"HOME": str(folder), "USER": folder.name, "LOGNAME": folder.name}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: "Janes-MacBook-Pro.local")
    return folder


@pytest.mark.parametrize("form", ["{}", "{!r}", "{!a}", "file://{}", '"{}"', "(see {})"])
@pytest.mark.parametrize("rest", ["", "/x.py", "/secret project/sub folder/x.py"])
def test_of_a_folder_the_last_name_alone_is_left(home, form, rest):
    for written in {unicodedata.normalize(kind, f"{home}{rest}") for kind in ("NFC", "NFD")}:
        told = private.redacted(f"no such file: {form.format(written)}: {MESSAGE}")
        assert told.endswith(f": {MESSAGE}"), "and the words are as they were"
        assert not any(
            part in told.removesuffix(MESSAGE) for part in ("Users", "Doe", "secret", "nested", "sub folder")
        )
        assert home.name not in told.removesuffix(MESSAGE) or home.name in ("a", "tor", "torch")
        assert "x.py" in told or not rest


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/Users/other one/p q/x.py:12: UserWarning", "…/x.py:12: UserWarning"),
        ("owner of /home/john and /Users/john", "owner of … and …"),
        ("in '/x y/z w/f.py' and '/q r/s t/g'", "in '…/f.py' and '…/g'"),
        ("~john/lib/k.metal, ~/lib/k.metal", "…/k.metal, …/k.metal"),
        ("on janes-macbook-pro.local (Janes-MacBook-Pro)", "on … (…)"),
        ("write to jane.doe@example.org", "write to …"),
        ("https://github.com/pytorch/pytorch/issues/1", "https://github.com/pytorch/pytorch/issues/1"),
        ("3/4 of a/b, input/output", "3/4 of a/b, input/output"),
    ],
)
def test_what_else_a_message_may_hold(text, left, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "Janes-MacBook-Pro.local")
    assert private.redacted(text) == left
    assert private.redacted(left) == left, "once is enough"


@pytest.mark.parametrize("user", ["jane", "tor", "Ünal", "jo"])
def test_a_user_is_named_nowhere_and_words_that_hold_the_name_stay(user, monkeypatch):
    monkeypatch.setenv("USER", user)
    assert private.redacted(f"{user}, {user}_1 of {user.upper()}: {MESSAGE}") == f"…, …_1 of …: {MESSAGE}"


def test_a_run_of_the_command_tells_nothing_of_user_folder_and_machine(tmp_path):
    """The whole way: message, standard error, traceback, variables, the folder of Python, in the file as it is stored."""
    home = tmp_path / "Users" / "Zoë Q. (Mac) 雪"
    home.mkdir(parents=True)
    good = catalogue.find("linear-noncontiguous-weight").check.path.read_text(encoding="utf-8")
    begin, body, rest = good.partition("def compute(device, x, w):\n")
    assert body, "the snippet has moved on: take its signature"
    loud = (
        "    import getpass, os, socket, sys, traceback\n"
        "    told = [os.environ['HOME'] + '/thesis draft/k.py', socket.gethostname(), getpass.getuser(), sys.executable,\n"
        "            torch.__file__]\n"
        "    print(*told, 'jane@example.org', file=sys.stderr)\n"
        "    traceback.print_stack()\n"
        "    raise RuntimeError(' '.join(told))\n"
    )
    (home / "linear-noncontiguous-weight.py").write_text(begin + body + loud + rest, encoding="utf-8")
    secret = {"HOME": str(home), "USER": "zoeq", "LOGNAME": "zoeq", "TMPDIR": str(home)}
    secret |= {"MTL_LABEL": "of-zoeq", "PYTORCH_MPS_LOG": f"{home}/log", "ImageOS": "zoeq", "MPSCHECK_FAULTS": ""}
    out = tmp_path / "run.json"
    command = [sys.executable, "-m", "mpscheck.cli", "run", "linear-noncontiguous-weight.py", "--device", "cpu"]
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=home, env=os.environ | secret, capture_output=True, text=True
    )
    journal = out.with_suffix(".part.jsonl")
    kept = (out if out.exists() else journal).read_text(encoding="utf-8")
    assert "RuntimeError" in kept and "k.py" in kept, done.stderr
    words = kept.encode().decode("unicode_escape")
    for told in ("zoeq", "Zoë", "Zo\\u00eb", "雪", "thesis", "Users", "jane@", socket.gethostname(), sys.prefix):
        assert told not in kept and told not in words, told
    [day] = [kept.partition('"date": "')[2].partition('"')[0]]
    assert len(day) == len("2026-01-01")


def test_the_time_of_a_job_of_github_is_told_since_it_is_public_there(monkeypatch):
    assert len(provenance.collect("cpu")["date"]) == 10
    values = {"SERVER_URL": "https://github.com", "REPOSITORY": "owner/mps-check", "RUN_ID": "123"}
    for name, value in values.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert "T" in provenance.collect("cpu")["date"]
