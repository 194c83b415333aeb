"""What a reader runs, and which bugs that can meet: by calls that were recorded, else by our judgement, shown as such."""

from dataclasses import dataclass

from mpscheck.bugs.bug import Bug

_FORWARD = (
    *("attention", "copy", "dtype", "elementwise", "graph-cache", "in-place", "indexing", "large", "mask", "matmul"),
    *("model", "normalisation", "offset", "race", "reduction", "sort", "strides", "system"),
)
_GENERATION = (*_FORWARD, "random")
_TRAINING = ("autograd", "loss", "optimizer")
USES = {  # by family, our judgement; None: every family
    "anything": ("anything", None),
    "forward": ("language model (logits, lens, patching)", _FORWARD),
    "generation": ("text generation", _GENERATION),
    "training": ("gradients, training (SAEs, probes)", (*_GENERATION, *_TRAINING)),
    "images": ("image model", (*_GENERATION, "conv-pool", "fft")),
}
HALF_WORDS = ("float16", "half", "fp16", "bf16", "autocast")  # float16 is in bfloat16


def of_bug(bug: Bug) -> tuple[str, ...]:
    """The uses that can meet a bug."""
    return tuple(use for use, (_, families) in USES.items() if families is None or bug.family in families)


@dataclass(frozen=True)
class Use:
    """One use that advice is given for.

    `calls` are the uses of `results/exposure` (a GPT-2 through TransformerLens or transformers), `recorded` those of
    `results/emulated/recordings`; `family` is the use of USES that holds it. Bugs of the families `judged` count where no
    recorded call meets them too; of a use in `half` types those alone that are about them, and calls in float32 only hint.
    """

    name: str
    label: str
    family: str
    calls: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    half: bool = False

    def can_meet(self, bug: Bug) -> bool:
        """Whether it can meet a bug, by our judgement."""
        return bug.family in self.judged and (not self.half or names_half(bug))


OF_ADVICE = (
    Use("forward", "Forward pass: logits, lens, probes", "forward", ("forward", "short forward")),
    Use("cache", "Generation with a KV cache", "generation", ("KV cache",)),
    Use("patching", "Activation patching", "forward", ("patching",)),
    Use("backward", "Gradients, attribution", "training", ("backward",)),
    Use(
        "half",
        "float16 or bfloat16",
        "generation",
        ("forward", "KV cache"),
        ("forward pass in float16",),
        _GENERATION,
        half=True,
    ),
    Use("training", "Training: SAEs, probes, fine-tuning", "training", ("backward",), ("training",), _TRAINING),
)
BY_NAME = {use.name: use for use in OF_ADVICE}


def names_half(bug: Bug) -> bool:
    """Whether a bug is about half types: its trigger, its check or its words name one."""
    conditions = (str(condition) for trigger in bug.triggers for condition in trigger.when)
    dtypes = bug.check.dtypes if bug.check else ()
    said = " ".join((*conditions, *dtypes, bug.claim, bug.when)).lower()
    return any(word in said for word in HALF_WORDS)
