"""The tables of the page that rebuilds the report: from results/emulated/case-<TransformerLens version>.json."""

from mpscheck.site.inputs import Inputs, pieces

NOT_RUN = "Not yet run: `scripts/case/reproduce.py` makes the data."
NAMES = {
    "cpu": "CPU",
    "healthy": "healthy emulated device",
    "sick": "with the fault",
    "contiguous": "with the fault, `.contiguous()` in the source",
    "use_attn_result": "with the fault, `set_use_attn_result(True)`",
}


def files(inputs: Inputs) -> dict[str, str]:
    """The generated files that the page includes."""
    old, new = inputs.case.get("2.17.0"), inputs.case.get("3.9.0")
    return pieces(
        case_figures=figures(old) if old else NOT_RUN,
        case_upgrade=figures(new, ("healthy", "sick")) if new else NOT_RUN,
        case_tools=tools(old) if old else NOT_RUN,
        case_sign=sign(old) if old else NOT_RUN,
    )


def figures(run: dict, shown: tuple[str, ...] = tuple(NAMES)) -> str:
    """One row a seed and device: the report's own figures."""
    lines = [
        "| Training seed | Device | P(Mary) | P(John) | Logit difference | First guess | Accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in run["rows"]:
        for name in shown:
            f = row.get(name) or row["cures"][name]
            lines.append(
                f"| {row['seed']} | {NAMES[name]} | {f['p_mary']:.4f} | {f['p_john']:.4f} | "
                f"{f['logit_difference']:+.3f} | `{f['top1']!r}` | {f['accuracy']:.0%} of {f['prompts']} |"
            )
    return "\n".join(lines) + f"\n\n{_where(run)}"


def _where(run: dict) -> str:
    where = run["provenance"]
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    return f"Evidence: **{where['evidence']}**, {where['date']}, {versions}, fault `{where['fault']}`."


def tools(run: dict) -> str:
    """What locate, audit and validate said, in sentences; seeds of which they said the same stand together."""
    seeds: dict[str, list[int]] = {}
    for row in run["rows"]:
        (first, *_), (call,) = row["locate"], row["audit"]
        modules = ", ".join(f"`{name}`" for name in call["modules"])
        wrong = [name for name, verdict in row["validate"].items() if verdict == "disagrees"]
        said = (
            f"`locate` names `{first['op']}` in `{first['module']}` ({first['line']}). `audit`, "
            f"from a healthy run on the CPU, names `{call['op']}` with {call['arguments']} in {modules}. `validate "
            f"--quick` disagrees in: {', '.join(wrong)}."
        )
        seeds.setdefault(said, []).append(row["seed"])
    return "\n".join(f"- Seed {', '.join(map(str, found))}: {said}" for said, found in seeds.items())


def sign(run: dict) -> str:
    """What the sign of one prompt's logit difference would have said, in one sentence."""
    passed = [row for row in run["rows"] if row["sick"]["logit_difference"] > 0]
    examples = "; ".join(
        f"seed {row['seed']}: logit difference {row['healthy']['logit_difference']:+.3f} → "
        f"{row['sick']['logit_difference']:+.3f}, P(Mary) {row['healthy']['p_mary']:.2f} → {row['sick']['p_mary']:.2f}, "
        f"accuracy {row['healthy']['accuracy']:.0%} → {row['sick']['accuracy']:.0%}"
        for row in passed
    )
    return (
        f"With the full fault, the logit difference of the one prompt stays positive in {len(passed)} of "
        f"{len(run['rows'])} models" + (f" ({examples})." if passed else ".")
    )
