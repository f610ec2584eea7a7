from importlib.resources import files

import numpy as np

from coursewright.similarity.embedding import HuggingFaceEmbedder


def test_a_text_has_one_vector_whatever_stands_beside_it() -> None:
    embedder = HuggingFaceEmbedder(str(files("coursewright.student") / "nano"), batch=2)
    texts = ["How many are left?", "Add 3 and 4, then say what that is.", ""]
    together = embedder.embed(texts)
    assert together.shape[0] == 3
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert not np.allclose(together[0], together[1], atol=0.1)
