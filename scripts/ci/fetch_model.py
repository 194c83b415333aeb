"""Fetch a model of the Hugging Face hub into its cache, patiently: hubs answer 429 to CI (vllm-project/guidellm#778).

    python scripts/ci/fetch_model.py gpt2

Tries five times, each time after a longer pause. HF_TOKEN is used where it is set. Once the model is there, the jobs set
HF_HUB_OFFLINE, so that nothing asks the hub again. Exit code 2 if it cannot be fetched. For Python 3.9.
"""

import argparse
import sys
import time

PAUSES = (10, 30, 90, 180)  # seconds; the hub counts within five minutes (vllm-project/vllm-metal#254)
WANTED = ["*.json", "*.txt", "model.safetensors"]  # not the same weights in four other forms


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    options = parser.parse_args()
    from huggingface_hub import snapshot_download

    for pause in (*PAUSES, None):
        try:
            print("%s is in %s" % (options.model, snapshot_download(options.model, allow_patterns=WANTED)))
            return 0
        except Exception as error:  # whatever went wrong, another try costs little
            print("%s: %s" % (type(error).__name__, str(error).split("\n")[0]), file=sys.stderr, flush=True)
        if pause is not None:
            time.sleep(pause)
    print("%s could not be fetched in %d tries." % (options.model, len(PAUSES) + 1), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
