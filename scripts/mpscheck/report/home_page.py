"""The generated parts of the home page and of the page of `validate_mps.py`: what to paste, what it prints, how long."""

from mpscheck.report.markup import table


def command(site_url: str) -> str:
    """The one line to paste; it fetches the file only where the site has a public address."""
    fetch = f"curl -fsSLO {site_url}validate_mps.py && " if site_url else ""
    return f"```sh\n{fetch}python validate_mps.py\n```"


def answer(transcript: str | None) -> str:
    """The lines of a transcript that matter most: the figures on each device, and the last line."""
    lines = transcript.splitlines() if transcript else ["not run yet"]
    return "```text\n" + "\n".join([line for line in lines[:-1] if line.startswith("[")] + lines[-1:]) + "\n```"


def macs(runs: dict[str, dict]) -> str:
    """One sentence on how many Macs have been measured."""
    found = [run["provenance"] for run in runs.values() if run["provenance"]["device"].startswith("mps")]
    if not found:
        return "No Mac has been measured yet."
    return f"{len(found)} runs on Macs [are published](results.md)."


def time_needed(measured: dict[str, float]) -> str:
    """One phrase on how long `validate_mps.py` computes for a model as large as GPT-2."""
    if "validate-smollm2" not in measured:
        return "How long it takes is not measured."
    return (
        f"It takes about {measured['validate-smollm2']:.0f} seconds of processor time, and a download the first time."
    )


def seconds(measured: dict[str, float]) -> str:
    """How long `validate_mps.py` computes, by model."""
    names = {"validate-healthy": "`ioi-small`", "validate-smollm2": "`smollm2`, about as large as GPT-2"}
    rows = [[name, f"{measured[key]:.0f} s"] for key, name in names.items() if key in measured]
    return table(["Model", "Processor time"], rows, "Time")
