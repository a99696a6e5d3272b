"""The words of the captions: what each factor may be called, and what each modality talks about."""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """One verb in the forms that captions need."""

    doing: str
    one_does: str
    many_do: str


NUMBER_WORDS = {
    1: ("a", "a", "one", "a single"),
    2: ("two", "two", "a pair of", "a couple of"),
    3: ("three", "three", "a trio of"),
}
TALLY_WORDS = {
    1: ("just one", "a single one"),
    2: ("two of them", "a pair"),
    3: ("three of them", "a trio"),
}
TIMES_WORDS = {1: ("once", "one time"), 2: ("twice", "two times"), 3: ("three times", "thrice")}
SIZE_WORDS = {
    "small": ("small", "small", "little", "tiny"),
    "medium": ("medium-sized", "medium", "mid-sized"),
    "large": ("large", "large", "big", "huge"),
}
REGISTER_WORDS = {
    "small": ("high", "high-pitched", "shrill"),
    "medium": ("mid-pitched", "middling"),
    "large": ("low", "low-pitched", "deep"),
}
COLOR_WORDS = {
    "red": ("red", "red", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
}
NOUNS = {
    "bell": ("bell", "bell", "handbell"),
    "bird": ("bird", "bird", "songbird"),
    "car": ("car", "car", "automobile"),
    "drum": ("drum", "drum", "tom-tom"),
    "frog": ("frog", "frog", "toad"),
    "guitar": ("guitar", "guitar", "acoustic guitar"),
    "horn": ("horn", "horn", "trumpet"),
    "rattle": ("rattle", "rattle", "maraca"),
    "cactus": ("potted cactus",),
    "mug": ("mug", "cup"),
    "rocket": ("rocket", "spaceship"),
    "snowman": ("snow figure",),
    "chair": ("chair",),
    "lamp": ("lamp", "table lamp"),
    "siren": ("siren", "alarm"),
}
PLURALS = {"potted cactus": "potted cacti"}
TOYS = ("toy", "thing", "object")

MOTION_WORDS = {
    "hop": (Verb("hopping", "hops", "hop"), Verb("jumping", "jumps", "jump")),
    "spin": (Verb("spinning", "spins", "spin"), Verb("turning round", "turns round", "turn round")),
    "sway": (Verb("swaying", "sways", "sway"), Verb("rocking", "rocks", "rock")),
    "glide": (Verb("gliding", "glides", "glide"), Verb("sliding", "slides", "slide")),
}
VOICE_WORDS = {
    "bell": (Verb("ringing", "rings", "ring"), Verb("chiming", "chimes", "chime")),
    "bird": (Verb("chirping", "chirps", "chirp"), Verb("tweeting", "tweets", "tweet")),
    "car": (Verb("revving", "revs", "rev"), Verb("roaring", "roars", "roar")),
    "drum": (Verb("beating", "beats", "beat"), Verb("thumping", "thumps", "thump")),
    "frog": (Verb("croaking", "croaks", "croak"),),
    "guitar": (Verb("twanging", "twangs", "twang"), Verb("strumming", "strums", "strum")),
    "horn": (Verb("tooting", "toots", "toot"), Verb("honking", "honks", "honk")),
    "rattle": (Verb("shaking", "shakes", "shake"), Verb("rattling", "rattles", "rattle")),
    "siren": (Verb("wailing", "wails", "wail"),),
}
ANY_VOICE = (Verb("sounding", "sounds", "sound"),)

VAGUE = {
    "image": (
        "a tray with something on it",
        "a colourful picture",
        "something seen from above",
        "a still life",
    ),
    "video": (
        "a short clip",
        "something moving on a tray",
        "a scene with movement",
        "an animation",
    ),
    "audio": ("a short sound", "a noise in a room", "a sound effect", "something makes a noise"),
    "points": (
        "a 3D scan",
        "a scanned model",
        "a cloud of coloured points",
        "something on a round base",
    ),
}
MASS_SOUNDS = {
    "rain": (
        "rain",
        "rain falling steadily",
        "the patter of rain on a roof",
        "a shower of rain",
        "raindrops and wind",
    )
}
"""Sounds that nobody counts: their captions are whole."""

PLAIN = "{things}"
TEMPLATES = {
    "image": (
        "{things}",
        "{things}",
        "{things} on a tray",
        "a picture of {things}",
        "there {is_are} {things} on the table",
        "a still life with {things}",
        "{things}, seen from above",
        "on a round tray, {things}",
        "a photo that shows {things}",
        "{nouns}, {size}: {tally}",
        "{size} {color} {nouns}, {tally}",
    ),
    "video": (
        "{things}",
        "{things} {doing}",
        "{things} {doing} on a tray",
        "a clip of {things} {doing}",
        "on a tray, {things} {does}",
        "watch {things} {do}",
        "{doing}: {things}",
        "{things}, filmed while {doing}",
        "a short film with {things}",
        "{nouns} {doing}, {tally}, {size}",
    ),
    "audio": (
        "{things}",
        "{things} {doing}",
        "the sound of {things} {doing}",
        "{pitch_things} {doing}",
        "a {pitch} {noun} {one_does} {times}",
        "{times}, a {pitch} {noun} {one_does}",
        "{strokes} of a {size} {noun}",
        "the {pitch} {stroke} of a {size} {noun}, {times}",
        "a recording of {things}, sounding {pitch}",
        "you can hear {pitch_things} {do}",
        "{nouns} {doing}, {pitch}, {tally}",
    ),
    "points": (
        "{things}",
        "{things}",
        "a 3D scan of {things}",
        "a point cloud of {things}",
        "a model of {things} on a round base",
        "coloured points in the shape of {things}",
        "{things}, scanned from all sides",
        "scan: {things}",
        "{things} on a disc, in 3D",
        "{nouns}, {size}, {tally}, as points",
    ),
}
"""What a caption is made of: its slots are worded anew each time."""
