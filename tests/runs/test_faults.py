"""Nothing that befalls a run loses a record, doubles one, or lays it at another snippet's door. All: `benchmarks/`."""

import pytest

from mpscheck.runs import fitness, journal, results, runner
from runs import faults


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return faults.Folder(tmp_path_factory.mktemp("runs"))


def test_what_a_snippet_does_to_its_process_is_its_own_record(tmp_path):
    found = faults.measured_with(tmp_path, faults.SHORT)
    assert found.keys() > set(faults.SHORT) and {name: said for name, said in found.items() if said} == {}


def test_a_canary_that_fails_in_each_process_is_the_machines_and_excuses_no_snippet(tmp_path, monkeypatch):
    sick = "from mpscheck.emulation.faults import fault\n" + (
        "FAULTS = [fault('no-add', op=['add'], effect=lambda call, run: run(call.args) * 1.5)]\n"
    )
    (tmp_path / "sick.py").write_text(sick)
    monkeypatch.setenv("MPSCHECK_FAULTS", str(tmp_path / "sick.py"))
    bugs = [faults.snippet(tmp_path, "good"), faults.snippet(tmp_path, "bad", "raise ValueError('its own')")]
    with runner.Worker("emu", known_good=("copy", "add")) as worker:
        _, looks = journal.split(entries := list(worker.run(map(runner.Job, bugs))))
    assert [a["outcome"] for e in entries if journal.is_record(e) for a in e["attempts"]] == ["measured", "error"]
    found = [(look["name"], look["after"], fitness.how_failed(look["attempt"])) for look in looks]
    assert found == [("copy", 0, None), ("add", 0, "wrong"), ("copy", 2, None), ("add", 2, "wrong")]


def test_a_start_that_hangs_is_given_up(place):
    assert faults.hang_in_start(place) == []


@pytest.mark.parametrize("case", [faults.full_disk, faults.read_only], ids=lambda case: case.__name__)
def test_a_disk_that_cannot_be_written_to_is_one_sentence_and_loses_nothing(place, case):
    try:
        assert case(place) == []
    except faults.NoMounting as error:
        pytest.skip(str(error))


def test_a_deadline_is_kept_and_what_it_left_is_measured_later(place):
    assert faults.late(place) == []


def test_a_run_that_is_stopped_goes_on_as_if_it_was_not(place):
    for number, (moment, sent) in enumerate(faults.moments(place, 1)):
        assert faults.stopped(place, moment, sent, f"stopped-{number}") == []


def test_two_runs_do_not_write_to_the_same_file(tmp_path, emulated_run):
    where, record = emulated_run["provenance"], emulated_run["records"][0]
    with journal.Journal(tmp_path / "run.json", where, resume=False) as one:
        one.append(record)
        with pytest.raises(journal.Taken, match="another run is writing run.part.jsonl"):
            journal.Journal(tmp_path / "run.json", where, resume=True)
        one.append(record)
    assert len(journal.read(one.path)["records"]) == 2


def test_a_half_written_line_is_left_out_and_written_again(tmp_path, emulated_run):
    where, (first, second) = emulated_run["provenance"], emulated_run["records"]
    with journal.Journal(tmp_path / "run.json", where, resume=False) as part:
        part.append(first)
        part.append(second)
    part.path.write_bytes(part.path.read_bytes()[:-10])
    assert journal.read(part.path)["records"] == [first]
    with journal.Journal(tmp_path / "run.json", where, resume=True) as again:
        assert again.entries == [first]
        again.append(second)
    assert journal.read(part.path)["records"] == [first, second]


def test_a_journal_that_is_none_is_refused(tmp_path):
    for text in ("", "{", '{"schema": 1}\n', "[" * 100_000 + "\n"):
        (tmp_path / "run.part.jsonl").write_text(text)
        with pytest.raises(results.BadResults, match="run.part.jsonl"):
            journal.read(tmp_path / "run.part.jsonl")
