"""How an attempt ended where it did not measure, in the words that run files store."""

import signal

MEMORY_EXIT = 77  # exit code of a worker that grew beyond its limit
ENDED = ("crash", "hang", "memory")  # these took the process with them
TOO_LATE = "the time for the whole run was over"


def failed(outcome: str, reason: str) -> dict:
    """An attempt without numbers."""
    return {"outcome": outcome, "reason": reason, "before": [], "functions": {}}


def hung(limit: float) -> dict:
    """An attempt without an answer within so many seconds."""
    return failed("hang", no_answer(limit))


def died(code: int) -> dict:
    """An attempt whose process ended with this exit code."""
    if code == MEMORY_EXIT:
        return failed("memory", "the process grew beyond its memory limit")
    return failed("crash", f"the process ended: {exit_words(code)}")


def no_answer(limit: float) -> str:
    """What is said of a process that was waited for so many seconds."""
    return f"no answer within {limit:g} seconds"


def exit_words(code: int) -> str:
    """An exit code in words: `killed by SIGSEGV`, `exit code 5`."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
