"""The spellings under which a reader looks for an op: `F.linear`, `nn.Linear`, `aten::linear`, `addmm`."""

from mpscheck.bugs.bug import Bug

# The module that does what a function of torch.nn.functional does (a test asks torch whether both exist).
MODULES = {
    "batch_norm": "BatchNorm1d", "binary_cross_entropy": "BCELoss", "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "conv1d": "Conv1d", "conv2d": "Conv2d", "conv3d": "Conv3d", "conv_transpose1d": "ConvTranspose1d",
    "conv_transpose2d": "ConvTranspose2d", "conv_transpose3d": "ConvTranspose3d", "cross_entropy": "CrossEntropyLoss",
    "dropout": "Dropout", "embedding": "Embedding", "embedding_bag": "EmbeddingBag", "gelu": "GELU",
    "group_norm": "GroupNorm", "hardswish": "Hardswish", "huber_loss": "HuberLoss", "instance_norm": "InstanceNorm1d",
    "interpolate": "Upsample", "layer_norm": "LayerNorm", "leaky_relu": "LeakyReLU", "linear": "Linear",
    "log_softmax": "LogSoftmax", "max_pool2d": "MaxPool2d", "mish": "Mish", "mse_loss": "MSELoss", "nll_loss": "NLLLoss",
    "relu": "ReLU", "rms_norm": "RMSNorm", "scaled_dot_product_attention": "MultiheadAttention", "silu": "SiLU",
    "smooth_l1_loss": "SmoothL1Loss", "softmax": "Softmax", "softplus": "Softplus", "threshold": "Threshold",
}  # fmt: skip
RELATED = {  # ops that do the same work under another name, above or below
    "linear": ("addmm", "mm"),
    "matmul": ("mm", "bmm"),
    "einsum": ("bmm",),
    "cross_entropy": ("cross_entropy_loss",),
    "nll_loss": ("nll_loss_nd",),
    "unique": ("_unique2",),
    "scaled_dot_product_attention": ("SDPA", "flash_attention"),
    "__getitem__": ("x[...]", "slice", "index"),
    "__setitem__": ("x[...] = ...", "index_put_"),
    "copy_": ("to", "copy"),
    "to": ("copy_", "_to_copy", "cpu", "cuda"),
}


def bare(op: str) -> str:
    """The last part of a name: `linear` of `torch.nn.functional.linear`."""
    return op.rpartition(".")[2]


def ops(bug: Bug) -> tuple[str, ...]:
    """What is called: public names where they are stated, else the aten names of the trigger."""
    return bug.ops or tuple(dict.fromkeys(op for trigger in bug.triggers for op in trigger.ops))


def spellings(op: str) -> tuple[str, ...]:
    """All names for one op, the caller's first."""
    name = bare(op)
    found = [op]
    if op.startswith("torch.nn.functional.") or (op == name and name in MODULES):
        found = [f"F.{name}", f"torch.nn.functional.{name}"]
    if name in MODULES:
        found.append(f"nn.{MODULES[name]}")
    function = next((f for f, module in MODULES.items() if op == f"torch.nn.{module}"), None)
    if function is not None:
        found += [f"nn.{name}", f"F.{function}", f"aten::{function}"]
    if not name[0].isupper() and not name.startswith("__"):
        found.append(f"aten::{name}")
    return tuple(dict.fromkeys([*found, *RELATED.get(function or name, ())]))


def of_bug(bug: Bug) -> tuple[str, ...]:
    """All spellings of all ops of a bug."""
    return tuple(dict.fromkeys(name for op in ops(bug) for name in spellings(op)))


def threads(bug: Bug) -> tuple[str, ...]:
    """The threads about a bug as people write them: `#161640`, and with the repository's name where it is another."""
    found = [bug.issue, *bug.also, *([bug.fixed_pr] if bug.fixed_pr else [])]
    found += [entry["thread"] for entry in bug.reported]
    return tuple(dict.fromkeys(t.removeprefix("pytorch/pytorch").rpartition("/")[2] for t in found))


def numbers(bug: Bug) -> tuple[str, ...]:
    """The numbers of these threads."""
    return tuple(dict.fromkeys(thread.partition("#")[2] for thread in threads(bug)))
