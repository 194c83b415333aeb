import json
import shutil

import pytest


@pytest.fixture(scope="session")
def hub(root, tmp_path_factory):
    """A model cache in which "gpt2" is the small IOI model: from_pretrained("gpt2") finds it without a network."""
    folder = tmp_path_factory.mktemp("hub") / "models--gpt2"
    snapshot = folder / "snapshots" / "local"
    shutil.copytree(root / "snippets/models/ioi-small", snapshot)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("local")
    config = json.loads((snapshot / "config.json").read_text())
    config["n_ctx"] = config["n_positions"]  # which the real gpt2's config has, and TransformerLens reads
    (snapshot / "config.json").write_text(json.dumps(config))
    return folder.parent
