"""What a reader runs, and which families of bugs that can meet. Our judgement, shown as such wherever it is used."""

from mpscheck.bugs.bug import Bug

_FORWARD = (
    *("attention", "copy", "dtype", "elementwise", "graph-cache", "in-place", "indexing", "large", "mask", "matmul"),
    *("model", "normalisation", "offset", "race", "reduction", "sort", "strides", "system"),
)
_GENERATION = (*_FORWARD, "random")
USES = {  # None: every family
    "anything": ("anything", None),
    "forward": ("language model (logits, lens, patching)", _FORWARD),
    "generation": ("text generation", _GENERATION),
    "training": ("gradients, training (SAEs, probes)", (*_GENERATION, "autograd", "loss", "optimizer")),
    "images": ("image model", (*_GENERATION, "conv-pool", "fft")),
}


def of_bug(bug: Bug) -> tuple[str, ...]:
    """The uses that can meet a bug."""
    return tuple(use for use, (_, families) in USES.items() if families is None or bug.family in families)
