import dataclasses

import pytest

from pentad.core.errors import InputError, UnknownName
from pentad.training.settings import TrainSettings


def test_text_becomes_numbers() -> None:
    values = {"lr": "0.001", "epochs": "3", "pairs": "all", "false_negative": "0.9"}
    assert TrainSettings.from_mapping(values) == TrainSettings(
        lr=0.001, epochs=3, pairs="all", false_negative=0.9
    )


def test_plain_values_stay_and_none_can_be_written() -> None:
    assert TrainSettings.from_mapping({"hidden": 8, "false_negative": "none"}).hidden == 8
    assert TrainSettings.from_mapping({"false_negative": None}).false_negative is None


def test_settings_survive_being_written_and_read() -> None:
    settings = TrainSettings(lr=0.01, pair_weights={"text-audio": 2.0})
    assert TrainSettings.from_mapping(dataclasses.asdict(settings)) == settings


@pytest.mark.parametrize(
    "values",
    [
        {"pair_weights": {"text-audio": 2}},
        {"pair_weights": "text-audio:2"},
        {"pair_weights": " text-audio : 2.0 "},
        {"pair_weights.text-audio": "2"},
    ],
)
def test_pair_weights_are_read_in_every_form(values: dict[str, object]) -> None:
    settings = TrainSettings.from_mapping(values)
    assert settings.weight_of("audio", "text") == settings.weight_of("text", "audio") == 2.0
    assert settings.weight_of("text", "image") == 1.0


@pytest.mark.parametrize(("key", "nearest"), [("epoch", "epochs"), ("learning_decay", None)])
def test_an_unknown_key_names_the_nearest(key: str, nearest: str | None) -> None:
    with pytest.raises(UnknownName) as caught:
        TrainSettings.from_mapping({key: "1"})
    assert nearest is None or nearest in caught.value.nearest


def test_only_pair_weights_have_parts() -> None:
    with pytest.raises(UnknownName):
        TrainSettings.from_mapping({"lr.text": "1"})


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": "2.5"},
        {"epochs": 2.5},
        {"epochs": True},
        {"lr": "fast"},
        {"lr": "nan"},
        {"lr": -1.0},
        {"batch": 1},
        {"native_share": 1.5},
        {"dropout": 1.0},
        {"false_negative": "inf"},
        {"pair_weights": "text-audio"},
        {"pair_weights": 3},
        {"pair_weights": "text-audio:much"},
        {"pair_weights": {"text-audio": -1}},
        {"pair_weights": {"text-text": 1}},
        {"pair_weights": {"text": 1}},
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError):
        TrainSettings.from_mapping(values)


def test_names_that_are_not_known_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        TrainSettings.from_mapping({"pairs": "al"})
    with pytest.raises(UnknownName, match="audio"):
        TrainSettings.from_mapping({"pair_weights": {"text-audi": 1}})
