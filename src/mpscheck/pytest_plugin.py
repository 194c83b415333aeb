"""A plugin of pytest: `pytest --mps-check` gives tests the device `mps` where it computes their model right, else the CPU.

A conftest.py names the model once, as the fixture `mps_check_model`; tests take `mps_device`. Nothing here imports torch
before a test asks.
"""

import sys

import pytest

from mpscheck.places import SNIPPETS

CPU = "cpu"
SAID = pytest.StashKey[list]()  # what was found, for the summary


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mps-check", "numbers on Apple GPUs")
    group.addoption(
        "--mps-check", action="store_true", help="use the device where it computes the model as the CPU does"
    )
    group.addoption("--mps-check-device", default="mps", metavar="DEVICE", help="the device to check, mps by default")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SAID] = []


@pytest.fixture(scope="session")
def mps_check_model():
    """To be overridden: (model, inputs) on the CPU, as `validate_mps.validate` takes them; a tokenizer may follow."""
    pytest.fail(
        "mps_device needs the fixture mps_check_model in your conftest.py: it returns (model, inputs)", pytrace=False
    )


@pytest.fixture(scope="session")
def mps_device(request: pytest.FixtureRequest) -> str:
    """The device that was asked for if the quick validation of this model passed on it; "cpu" else, and without --mps-check."""
    if not request.config.getoption("mps_check"):
        return CPU
    model, inputs, *tokenizer = request.getfixturevalue("mps_check_model")
    found = _pick_device()(model, inputs, *tokenizer[:1], device=request.config.getoption("mps_check_device"))
    request.config.stash[SAID].append(found)
    return found


def _pick_device():
    """The function of the file that people may copy too; it finds validate_mps.py beside it."""
    sys.path.insert(0, str(SNIPPETS))
    try:
        from pick_device import pick_device
    finally:
        sys.path.remove(str(SNIPPETS))
    return pick_device


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if config.getoption("mps_check"):
        found = config.stash[SAID]
        asked = config.getoption("mps_check_device")
        words = {(): "no test asked for mps_device", (CPU,): f"cpu: {asked} is not right here, or could not be checked"}
        terminalreporter.write_line(f"mps-check: {words.get(tuple(found), f'{asked}: it agrees with the CPU')}")
