import json

from pentad.core.modality import Modality
from pentad.encoders.protocol import space_of
from pentad.encoders.registry import get_encoder
from pentad.evaluation.results.info import info_from_json, run_info, versions
from tests.evaluation.results.runs import info


def test_what_is_said_of_encoders() -> None:
    pictures = get_encoder("image-descriptor")
    encoders = {
        Modality.TEXT: get_encoder("hashed-text"),
        Modality.IMAGE: pictures,
        Modality.VIDEO: pictures,
    }
    found = run_info("both", encoders, encode_seconds={"text": 0.1}, seed=3, notes=("a",))
    assert found.spaces["image"] == found.spaces["video"] == space_of(pictures)
    assert found.fingerprints["text"] == encoders[Modality.TEXT].fingerprint
    assert (found.parameters, found.dim, found.seed) == (0, 1024, 3)
    assert found.versions == versions()
    assert set(found.versions) == {"pentad", "python", "numpy"}
    assert info_from_json(json.loads(json.dumps(found.to_json()))) == found


def test_another_name_or_size_is_the_same_model_and_another_encoder_is_not() -> None:
    one = info("a")
    assert info("a", parameters=None).fingerprint == one.fingerprint
    assert info("b").fingerprint != one.fingerprint
