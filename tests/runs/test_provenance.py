"""Where a run took place: as macOS tells it, virtual machines by their own word, and nothing that names a user."""

import getpass
import json
import subprocess
from pathlib import Path

import pytest
import torch

from mpscheck.runs import machine, provenance, results

MACHINES = sorted((Path(__file__).parents[1] / "machines").glob("*.json"))
FACTS = ("macos", "macos_build", "chip", "model", "gpu", "virtual", "runner", "image")


def checked(where: dict) -> dict:
    """The provenance, if the schema takes it."""
    results.check(where, "provenance", "provenance")
    return where


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "hosted-macos-15",
            ("15.7.7", "24G720", "Apple M1 (Virtual)", "VirtualMac2,1", "Apple M1 (Virtual)", True, "macos15", "20260527.0100.1"),
        ),
        (
            "hosted-macos-26",
            ("26.4", "25E246", "Apple M1 (Virtual)", "VirtualMac2,1", "Apple M1 (Virtual)", True, "macos26", "20260610.0145.2"),
        ),
        ("virtual-m4", ("15.3", "24D60", "Apple M4 (Virtual)", "VirtualMac2,1", "Apple M4 (Virtual)", True, None, None)),
        ("macbook-m5", ("26.4.1", "25E253", "Apple M5", "Mac0,0", "Apple M5", False, None, None)),
    ],
)  # fmt: skip
def test_a_recorded_mac_is_told_as_it_is(recorded_mac, name, facts):
    recorded_mac(name)
    where = checked(provenance.collect("cpu"))
    assert tuple(where[fact] for fact in FACTS) == facts


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_each_recorded_output_names_its_thread_or_is_said_to_be_made_up(path):
    recorded = json.loads(path.read_text(encoding="utf-8"))
    without = [command for command, output in recorded["commands"].items() if "source" not in output]
    assert all(
        output["source"].startswith("https://") for output in recorded["commands"].values() if "source" in output
    )
    assert not without or recorded["made_up"]


def test_a_gpu_with_a_real_name_in_a_virtual_machine_is_virtual(recorded_mac, monkeypatch):
    recorded_mac("virtual-m4")
    monkeypatch.setattr(machine, "displays_gpu", lambda: "Apple M4")
    where = provenance.collect("cpu")
    assert (where["gpu"], where["virtual"]) == ("Apple M4", True)


def test_a_gpu_called_virtual_in_a_real_mac_is_real(recorded_mac, monkeypatch):
    recorded_mac("macbook-m5")
    monkeypatch.setattr(machine, "displays_gpu", lambda: "Virtual Paravirtual device")
    assert provenance.collect("cpu")["virtual"] is False


def test_a_mac_that_does_not_tell_is_neither_real_nor_virtual(recorded_mac, monkeypatch):
    recorded_mac("macbook-m5")
    monkeypatch.setattr(machine, "sysctl", lambda name: None)
    where = checked(provenance.collect("cpu"))
    assert where["virtual"] is None and where["chip"] is None


def test_the_name_that_metal_gives_comes_first(recorded_mac, monkeypatch):
    recorded_mac("hosted-macos-15")
    monkeypatch.setattr(torch.backends.mps, "get_name", lambda: "Apple Paravirtual device")
    assert provenance.gpu_name("mps") == "Apple Paravirtual device"
    monkeypatch.delattr(torch.backends.mps, "get_name")  # as in torch 2.8
    assert provenance.gpu_name("mps") == "Apple M1 (Virtual)"


READ_BY_TORCH = (  # the page "MPS Environment Variables" of its documentation; the last one is newer than that page
    "PYTORCH_DEBUG_MPS_ALLOCATOR", "PYTORCH_MPS_LOG_PROFILE_INFO", "PYTORCH_MPS_TRACE_SIGNPOSTS",
    "PYTORCH_MPS_HIGH_WATERMARK_RATIO", "PYTORCH_MPS_LOW_WATERMARK_RATIO", "PYTORCH_MPS_FAST_MATH",
    "PYTORCH_MPS_PREFER_METAL", "PYTORCH_ENABLE_MPS_FALLBACK", "MTL_CAPTURE_ENABLED", "PYTORCH_MPS_METAL_VERSION",
)  # fmt: skip


@pytest.mark.parametrize("name", READ_BY_TORCH)
def test_every_variable_that_torch_reads_for_mps_is_kept(name, monkeypatch):
    monkeypatch.setenv(name, "1.5")
    assert checked(provenance.collect("cpu"))["variables"][name] == "1.5"


@pytest.mark.parametrize("name", ["PYTORCH_CUDA_ALLOC_CONF", "HF_TOKEN", "HOME", "PYTORCH_TOKEN"])
def test_other_variables_are_nobodys_business(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    assert name not in provenance.variables()


@pytest.mark.parametrize(
    "value", ["/Users/jane/log", "~/log", "C:\\log", "jane@host", "file:///x", "a\nb", "x" * 300, "für", "$HOME"]
)
def test_a_value_that_may_name_a_folder_or_a_user_is_not_kept(value, monkeypatch):
    monkeypatch.setenv("PYTORCH_MPS_TRACE_SIGNPOSTS", value)
    assert checked(provenance.collect("cpu"))["variables"]["PYTORCH_MPS_TRACE_SIGNPOSTS"] == "(not shown)"


def test_the_users_name_alone_is_not_kept_either(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "jane")
    monkeypatch.setenv("MTL_LABEL", "of-Jane-1")
    assert provenance.collect("cpu")["variables"]["MTL_LABEL"] == "(not shown)"


def test_many_variables_still_make_a_run_file(monkeypatch):
    for number in range(100):
        monkeypatch.setenv(f"MTL_NUMBER_{number}", "1")
    checked(provenance.collect("cpu"))


GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "owner/mps-check", "GITHUB_RUN_ID": "123"}


def test_a_job_of_github_is_found_again(monkeypatch):
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    assert checked(provenance.collect("cpu"))["address"] == "https://github.com/owner/mps-check/actions/runs/123"


@pytest.mark.parametrize(
    "change",
    [
        {"GITHUB_SERVER_URL": "https://git.example.org"},
        {"GITHUB_RUN_ID": "1)](javascript:x"},
        {"GITHUB_REPOSITORY": ""},
    ],
)
def test_an_address_of_another_form_is_none(change, monkeypatch):
    for name, value in (GITHUB | change).items():
        monkeypatch.setenv(name, value)
    assert provenance.address() is None


def test_the_commit_and_whether_the_code_was_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "ROOT", tmp_path.resolve())
    assert provenance.commit() is None, "no clone"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "a.py").write_text("1\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    (tmp_path / "notes.txt").write_text("not code")
    assert provenance.commit() == head
    (tmp_path / "snippets" / "a.py").write_text("2\n")
    assert provenance.commit() == head + "+"
    monkeypatch.setattr(provenance, "ROOT", (tmp_path / "snippets").resolve())
    assert provenance.commit() is None, "the clone of something else"


def test_packages_are_those_that_are_installed():
    found = checked(provenance.collect("cpu"))["packages"]
    assert found["numpy"] and set(found) <= {"numpy", "transformers", "transformer-lens"}


@pytest.mark.parametrize("name", ["virtual", "model", "macos_build", "variables"])
def test_a_record_of_another_setup_is_not_taken_again(name, recorded_mac):
    recorded_mac("macbook-m5")
    where = provenance.collect("cpu")
    assert provenance.same_environment(where, dict(where, date="2020-01-01T00:00:00Z", commit=None, packages={}))
    assert not provenance.same_environment(where, dict(where, **{name: "other"}))


def test_virtual_and_real_runs_and_chips_under_one_virtual_gpu_have_files_of_their_own(recorded_mac):
    recorded_mac("hosted-macos-15")
    where = provenance.collect("cpu") | {"gpu": "Apple Paravirtual device"}
    others = [where | {"virtual": False}, where | {"chip": "Apple M4 (Virtual)"}, where]
    assert len({provenance.run_id(other) for other in others}) == 3
