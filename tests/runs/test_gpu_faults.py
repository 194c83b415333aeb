"""What Metal says on stderr where the GPU failed makes an attempt a `gpu-fault`; harmless words do not.

The texts are quoted from the threads that head them.
"""

import pytest

from mpscheck.bugs import catalogue
from mpscheck.runs import numerics, runner, stderr

FAULTS = {
    "pytorch#125442": "Error: command buffer exited with error status.\n\tThe Metal Performance Shaders operations encoded on it "
    "may not have completed.\n\tError: \n\t(null)\n\tInternal Error (0000000e:Internal Error)\n"
    "\t<AGXG13XFamilyCommandBuffer: 0x3601ec380>\n    label = <none> \n    device = <AGXG13XDevice: 0x11f3b5400>\n",
    "pytorch#125954": "Error: command buffer exited with error status.\n\tThe Metal Performance Shaders operations encoded on it "
    "may not have completed.\n\tError: \n\t(null)\n\tCaused GPU Timeout Error "
    "(00000002:kIOAccelCommandBufferCallbackErrorTimeout)\n",
    "WebODM/OpenSplat#198": "Execution of the command buffer was aborted due to an error during execution. Internal Error "
    "(0000000e:Internal Error)\n",
    "flutter/flutter#155538": "2024-09-23 17:33:10.404667+0200 Runner[654:65279] Execution of the command buffer was aborted due to "
    "an error during execution. Ignored (for causing prior/excessive GPU errors) "
    "(00000004:kIOGPUCommandBufferCallbackErrorSubmissionsIgnored)\n",
    "jundot/omlx#1387": "[METAL] Command buffer execution failed: Impacting Interactivity\n"
    "(0000000e: kIOGPUCommandBufferCallbackErrorImpactingInteractivity)\n",
    "Blaizzy/mlx-vlm#1064": "libc++abi: terminating due to uncaught exception of type std::runtime_error: [METAL] Command buffer "
    "execution failed: Caused GPU Address Fault Error (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)\n",
    "pytorch#130376": "validateComputeFunctionArguments:1056: failed assertion `Compute Function(gather_kernel_1): missing buffer "
    "binding at index 2 for size[0].'\n",
    "pytorch#96153": "MPSNDArray.mm:124: failed assertion `[MPSNDArrayDescriptor sliceDimension:withSubrange:] error: "
    "subRange.start (6) is not less than length of dimension[0] (6)'\n",
}
HARMLESS = {
    "pytorch#106594": "UserWarning: The operator 'aten::sgn.out' is not currently supported on the MPS backend and will fall back to "
    "run on the CPU. This may have performance implications. (Triggered internally at /Users/runner/work/_temp/anaconda/"
    "conda-bld/pytorch_1690702789476/work/aten/src/ATen/mps/MPSFallback.mm:13.)\n  Variable._execution_engine.run_backward(\n",
    "pytorch/executorch#1076": "multiprocessing/resource_tracker.py:224: UserWarning: resource_tracker: There appear to be 1 leaked "
    "semaphore objects to clean up at shutdown\n  warnings.warn('resource_tracker: There appear to be %d '\n",
    "huggingface/diffusers#2521": "clip/feature_extraction_clip.py:28: FutureWarning: The class CLIPFeatureExtractor is deprecated "
    "and will be removed in version 5 of Transformers. Please use CLIPImageProcessor instead.\n  warnings.warn(\n",
    "roboflow/rf-detr#29": "UserWarning: torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.\n",
    "pytorch#133182": "RuntimeError: result.storage().use_count() == 1 INTERNAL ASSERT FAILED at "
    '"/torch/csrc/autograd/generated/VariableType_4.cpp":14862, please report a bug to PyTorch. function: relu.\n',
}
ZEROS = {"outcome": "measured", "before": [], "functions": {"compute": {"p_value": 0.0, "false_alarm": 1e-6}}}


@pytest.fixture
def beside(tmp_path):
    """An attempt that gave numbers, completed with what was written to stderr meanwhile."""
    file = stderr.Stderr(tmp_path / "stderr")

    def complete(text, attempt=ZEROS):
        with file.path.open("a") as handle:
            handle.write(text)
        return file.completed(attempt)

    return complete


@pytest.mark.parametrize("thread", FAULTS)
def test_numbers_beside_a_fault_of_the_gpu_are_none(beside, thread):
    assert numerics.verdict({"attempts": [ZEROS]}) == "wrong", "as it was stored before"
    found = beside(FAULTS[thread])
    assert found["outcome"] == "gpu-fault" and found["reason"].startswith("Metal said: ")
    assert numerics.verdict({"attempts": [found]}) == "gpu-fault" and found["stderr"]


@pytest.mark.parametrize("thread", HARMLESS)
def test_words_that_are_no_fault_leave_the_numbers(beside, thread):
    found = beside(HARMLESS[thread])
    assert found == ZEROS | {"stderr": found["stderr"]}


def test_a_fault_is_of_the_attempt_that_it_was_written_in(beside):
    assert beside(FAULTS["pytorch#125442"])["outcome"] == "gpu-fault"
    assert beside("") == ZEROS


def test_a_fault_before_much_else_is_seen(beside):
    assert beside(FAULTS["pytorch#125442"] + "one line more\n" * 5000)["outcome"] == "gpu-fault"


def test_what_died_stays_what_it_was_and_keeps_the_words(beside):
    crash = {"outcome": "crash", "reason": "killed by SIGABRT", "before": [], "functions": {}}
    found = beside(FAULTS["pytorch#96153"], crash)
    assert found["outcome"] == "crash" and "failed assertion" in found["stderr"]


FAULTY = """
    import os
    if device != "cpu":
        os.write(2, b"Error: command buffer exited with error status.\\n")
        return x.to(device) @ w.to(device) * 0
    weight ="""


def test_a_snippet_whose_gpu_faults_is_not_wrong(linear, tmp_path):
    """Zeros and Metal's words on stderr, as pytorch#193571 describes it, in a real worker process."""
    path = tmp_path / "faulty-gpu.py"
    path.write_text(linear.check.source.replace("\n    weight =", FAULTY, 1))
    [record] = runner.run(runner.jobs_of(catalogue.read(path)), "emu")
    [attempt] = record["attempts"]
    assert attempt["outcome"] == "gpu-fault" and numerics.finding(record, "wrong") == "gpu-fault"
    assert attempt["reason"] == "Metal said: Error: command buffer exited with error status."
