"""What the watcher starts, by table: the index, what is measured and what is under way in, jobs and questions out."""

import pytest

from mpscheck.known import watch
from mpscheck.known.watch import Question, Runner, Started

RUNNERS = (Runner("macos-15", "15", "macos15"), Runner("macos-26", "26", "macos26"), Runner("home", "26", None))
HOSTED = RUNNERS[:1]
TODAY = "2026-12-01"


def file(version, tag="cp311-none-macosx_14_0_arm64", day="2026-11-20", **more):
    return {"filename": f"torch-{version}-{tag}.whl", "upload-time": f"{day}T10:00:00.5Z", **more}


def run(torch, macos="15.7.7", runner="macos15"):
    return {"torch": torch, "macos": macos, "runner": runner}


def planned(files, runners=HOSTED, **more):
    given = {"since": "2026-01-01", "today": TODAY, "runs": [], "started": [], "limit": 8} | more
    return watch.plan(watch.releases({"files": files}), runners, **given)


def names(plan):
    return [job.name for job in plan.start]


NEW, PATCH = file("2.15.0"), file("2.14.2", day="2026-11-28")
ALL_RUN = [run("2.15.0"), run("2.15.0+cpu", "26.4", "macos26"), run("2.15.0", "26.1", None)]
STARTS = {
    "a new release, on each runner": ([NEW], RUNNERS, {}, ["2.15.0@macos-15", "2.15.0@macos-26", "2.15.0@home"]),
    "one that is measured everywhere": ([NEW], RUNNERS, {"runs": ALL_RUN}, []),
    "one that is measured on one runner": ([NEW], RUNNERS[:2], {"runs": ALL_RUN[:1]}, ["2.15.0@macos-26"]),
    "a patch of an older minor, after the newer one": ([NEW, PATCH], HOSTED, {"runs": ALL_RUN}, ["2.14.2@macos-15"]),
    "the newest first": ([PATCH, NEW], HOSTED, {}, ["2.15.0@macos-15", "2.14.2@macos-15"]),
    "none from before the day": ([NEW, PATCH], HOSTED, {"since": "2026-11-25"}, ["2.14.2@macos-15"]),
    "a candidate, the last one": ([file("2.16.0rc1"), file("2.16.0rc3"), file("2.16.0rc2")], HOSTED, {}, ["2.16.0rc3@macos-15"]),
    "no candidate of what is released": ([file("2.15.0rc9"), NEW], HOSTED, {}, ["2.15.0@macos-15"]),
    "no build between releases": ([file("2.17.0.dev20261130")], HOSTED, {}, []),
    "nothing that was withdrawn": ([NEW | {"yanked": "broken"}], HOSTED, {}, []),
    "at most so many at once": ([NEW, PATCH], RUNNERS, {"limit": 2}, ["2.15.0@macos-15", "2.15.0@macos-26"]),
    "nothing that is under way": ([NEW], HOSTED, {"started": [Started("mps torch 2.15.0@macos-15", False)]}, []),
    "nothing while all are measured": ([NEW], HOSTED, {"started": [Started("mps torch all", False)]}, []),
    "again what delivered nothing": ([NEW], HOSTED, {"started": [Started("mps torch 2.15.0", True)] * 2}, ["2.15.0@macos-15"]),
    "another runner's attempts do not count": (
        [NEW], HOSTED, {"started": [Started("mps torch 2.15.0@macos-26", True)] * 3}, ["2.15.0@macos-15"],
    ),
    "nor those of all releases": ([NEW], HOSTED, {"started": [Started("mps torch all", True)] * 9}, ["2.15.0@macos-15"]),
}  # fmt: skip


@pytest.mark.parametrize(("files", "runners", "more", "wanted"), STARTS.values(), ids=STARTS)
def test_what_is_started(files, runners, more, wanted):
    plan = planned(files, runners, **more)
    assert names(plan) == wanted and plan.asks == ()


ASKS = {
    "three attempts delivered nothing": (
        [NEW], {"started": [Started("mps torch 2.15.0@macos-15,2.15.0@macos-26", True)] * 3}, "No run of torch 2.15.0 on macos-15",
    ),
    "no wheel for this macOS": ([file("2.15.0", "cp311-none-macosx_26_0_arm64")], {}, "No wheel of torch 2.15.0 for macos-15"),
    "no wheel for a Python that we need": ([file("2.15.0", "cp310-none-macosx_14_0_arm64")], {}, "No wheel of torch 2.15.0 for macos-15"),
    "no wheel for Macs": ([file("2.15.0", "cp311-cp311-manylinux_2_28_x86_64")], {}, "No wheel of torch 2.15.0 for macos-15"),
    "no day": ([{"filename": NEW["filename"]}], {}, "No day of release for torch 2.15.0"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "more", "title"), ASKS.values(), ids=ASKS)
def test_what_cannot_be_told_is_asked_and_not_started(files, more, title):
    plan = planned(files, **more)
    assert plan.start == () and [one.title for one in plan.asks] == [title]


def test_on_its_first_day_a_release_without_a_wheel_waits():
    plan = planned([file("2.15.0", "cp311-cp311-manylinux_2_28_x86_64", TODAY)])
    assert plan.asks == plan.start == () and "files are still coming in" in plan.waits[0]


WHEELS = {
    "the oldest Python": (["cp312-none-macosx_11_0_arm64", "cp311-none-macosx_11_0_arm64"], "15", "3.11", (11, 0)),
    "not one older than ours": (["cp310-none-macosx_11_0_arm64", "cp313-cp313-macosx_11_0_arm64"], "15", "3.13", (11, 0)),
    "the newest macOS that the runner has": (
        ["cp311-none-macosx_11_0_arm64", "cp311-none-macosx_14_0_arm64", "cp311-none-macosx_26_0_arm64"], "15", "3.11", (14, 0),
    ),
    "no build without the lock": (["cp311-cp311t-macosx_11_0_arm64", "cp312-cp312-macosx_11_0_arm64"], "15", "3.12", (11, 0)),
    "no Intel": (["cp311-none-macosx_11_0_x86_64", "cp312-none-macosx_11_0_universal2"], "15", "3.12", (11, 0)),
}  # fmt: skip


@pytest.mark.parametrize(("tags", "macos", "python", "wheel"), WHEELS.values(), ids=WHEELS)
def test_the_python_and_the_wheel_of_a_job(tags, macos, python, wheel):
    (release,) = watch.releases({"files": [file("2.15.0", tag) for tag in tags]})
    job = watch.job(release, Runner("here", macos, "image"))
    assert (job.python, job.wheel.macos) == (python, wheel)


def test_the_day_of_a_release_is_that_of_its_first_file_whatever_it_is_for():
    files = [file("2.15.0", day="2026-10-29"), file("2.15.0", "cp311-cp311-manylinux_2_28_x86_64", "2026-10-28")]
    assert watch.releases({"files": [*files, {"filename": "torch-2.15.0.tar.gz.asc"}]})[0].day == "2026-10-28"


@pytest.mark.parametrize("answer", [{}, {"files": None}, [], {"files": [{}]}, {"files": [3]}])
def test_an_answer_that_is_no_index_is_refused(answer):
    with pytest.raises(watch.BadIndex):
        watch.releases(answer)


def test_a_library_that_the_table_does_not_have_is_asked_for_once_it_is_newer():
    files = [
        file("4.4.0", day="2026-12-01"),
        file("4.3.0", day="2026-11-30"),
        file("3.0.0", day="2026-01-01"),
        file("5.0rc1"),
    ]
    found = watch.releases({"files": files})
    (asked,) = watch.unmeasured_libraries(found, "2026-11-15", ["4.3.0"], "TransformerLens")
    assert isinstance(asked, Question) and asked.title == "TransformerLens 4.4.0 is not in the table of its versions"
    assert "scripts/exposure/measure.py transformerlens-4.4.0" in asked.text
