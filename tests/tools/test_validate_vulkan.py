"""validate_mps.py on a real second device, with kernels of others: torchvulkan, on whichever Vulkan driver is there.

Wants the environment `torchvulkan` and a driver, such as Debian's mesa-vulkan-drivers, which computes in software.
"""

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.matrix

CODE = """
import json, sys
import torch, torchvulkan, transformers
from torch import nn
sys.path.insert(0, sys.argv[1])
import validate_mps

transformers.utils.logging.disable_progress_bar()
torch.manual_seed(0)
found = {}

def look(name, model, *inputs, **options):
    with torch.no_grad():
        report = validate_mps.validate(model, *inputs, device="vulkan", name=name, **options)
    found[name] = [report.verdict, {check.name: [check.verdict, check.text] for check in report.checks}]

class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(8, 8, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]

def transposed():
    model = nn.Linear(8, 8, bias=False)
    model.weight = nn.Parameter(model.weight.detach().T.contiguous().T)
    return model

def ignores_strides(x, weight, bias=None):
    product = x.matmul(torch.as_strided(weight, weight.shape, (weight.shape[1], 1)).t())
    return product if bias is None else product + bias

x = torch.randn(4, 6, 8)
source = validate_mps.find_model("ioi-small")
tokenizer = transformers.AutoTokenizer.from_pretrained(source)
ids = torch.randint(100, (2, 32))
look("ioi-small", validate_mps.load(source, "transformers"), ids, tokenizer=tokenizer)
look("no kernel", Memory(), x)
look("healthy", transposed(), x)
faults = torch.library.Library("aten", "IMPL")
faults.impl("linear", ignores_strides, "PrivateUse1")
look("sick", transposed(), x)
look("not met", nn.Linear(8, 8, bias=False), x)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(root, python_of):
    """What validate says of each model: (verdict, {check: (verdict, words)})."""
    python = python_of("torchvulkan")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("MPSCHECK_")}
    variables["TORCHVULKAN_STRICT"] = "1"  # never the CPU in silence
    if subprocess.run([python, "-c", "import torchvulkan as t; assert t.is_available()"], env=variables).returncode:
        pytest.skip("torchvulkan finds no Vulkan driver: apt-get install mesa-vulkan-drivers")
    command = [python, "-W", "ignore", "-c", CODE, str(root / "snippets")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_language_model_agrees_in_every_check(found):
    verdict, checks = found["ioi-small"]
    assert verdict == "agrees" and {word for word, _ in checks.values()} == {"agrees"}


def test_other_numbers_than_the_cpus_are_no_fault(found):
    _, checks = found["ioi-small"]
    assert not checks["logits"][1].startswith("error 0,")
    assert found["healthy"][0] == "agrees"


def test_what_the_device_cannot_compute_is_no_disagreement(found):
    verdict, checks = found["no kernel"]
    assert verdict == "could not check"
    assert checks["logits"][0] == "could not check" and "NOT IMPLEMENTED" in checks["logits"][1]


def test_a_fault_given_to_it_is_caught_only_where_it_is_met(found):
    assert found["sick"][0] == "disagrees" and found["sick"][1]["logits"][0] == "disagrees"
    assert found["not met"][1]["logits"][0] == "agrees"  # backward has none: the fault brought no gradient
