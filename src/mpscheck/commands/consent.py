"""What a run to be sent will tell, on one screen, before anything is measured: with what is not in it, and its licence."""

import click

LICENCE = "CC0 1.0, https://creativecommons.org/publicdomain/zero/1.0/"
UNKNOWN = "unknown"


def agreed(where: dict, checks: int, yes: bool) -> bool:
    """Show it, and whether the person agrees; `yes` is an answer that was given before."""
    click.echo(screen(where, checks), err=True)
    if yes:
        return True
    try:
        return click.confirm("Measure, and write this file?", err=True)
    except click.Abort:
        click.echo("\nNobody answered, so nothing was measured; in a script say --yes.", err=True)
        return False


def screen(where: dict, checks: int) -> str:
    """The whole text, at most 24 lines."""
    rows = [f"  {name:9} {value}" for name, value in facts(where).items()]
    return "\n".join(
        [
            "The file will hold this and nothing else:",
            "",
            *rows,
            f"  results   of {checks} checks: numbers, seconds, and the message of one that could not run",
            "",
            "Not in it: your name, the names of this computer and of your folders, a serial number, the time of day,",
            "your files, models and other packages. Messages are stored without such names; look at the file all the same.",
            "Nothing is sent: this writes a file, and you send it or not.",
            f"Who sends it gives it to everybody, without conditions ({LICENCE}).",
            "",
        ]
    )


def facts(where: dict) -> dict[str, str]:
    """What the provenance tells, in words; what is not known is said to be unknown."""
    kind = {True: "a virtual machine", False: "no virtual machine", None: "virtual or not is unknown"}[where["virtual"]]
    macos = f"{where['macos']} ({where['macos_build'] or UNKNOWN}), MPSGraph {where['mpsgraph'] or UNKNOWN}"
    packages = {"Python": where["python"], **where["packages"]}
    variables = "; ".join(f"{name}={value}" for name, value in where["variables"].items())
    return {
        "day": where["date"][:10],
        "PyTorch": f"{where['torch']}, built from {(where['torch_git'] or UNKNOWN)[:12]}",
        "beside it": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "device": f"{where['device']}, {where['gpu'] or UNKNOWN}",
        "machine": f"chip {where['chip'] or UNKNOWN}, model {where['model'] or UNKNOWN}, {kind}",
        "system": macos if where["macos"] else where["system"],
        "our code": f"commit {where['commit'][:12]}" if where["commit"] else UNKNOWN,
        "variables": variables or "none that torch reads for mps",
    }
