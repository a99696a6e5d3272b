"""An OpenAI-compatible endpoint on 127.0.0.1, well behaved and otherwise."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from pentad.core.errors import DecodeError, InputError, MissingExtra, Reason
from pentad.media.types import Image, Video
from pentad.pipeline.captioning import wire as wires
from pentad.pipeline.captioning.choose import Choice, choose_captioner
from pentad.pipeline.captioning.endpoint import EndpointCaptioner
from pentad.pipeline.captioning.keys import find_key
from pentad.pipeline.captioning.questions import MAX_PICTURE, SIDE, data_uri
from pentad.pipeline.captioning.wire import MAX_ANSWER, Wire, completions_url
from tests.pipeline.captioning.fakes import colour, painting, raw, said, shown
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import Answer, Site, redirect, silent, slow, status

PATH = "/v1/chat/completions"
PROMPT = "What is this?"
Make = Callable[..., EndpointCaptioner]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PENTAD_API_KEY", "OPENAI_API_KEY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def captioner(site: Site) -> Make:
    def make(*answers: Answer, requests: int = 4, **options: Any) -> EndpointCaptioner:
        if answers:
            site.add(PATH, *answers)
        known = {"backoff": 0.01, "retries": 3, "timeout": 5.0}
        line = Wire(completions_url(site.url("/v1")), requests=requests, **(known | options))
        return EndpointCaptioner("some/Model", line, max_tokens=33, requests=requests)

    return make


def plain(shade: int = 100, side: int = 10) -> Image:
    return Image(np.full((side, side, 3), shade, np.uint8))


def ask(captioner: EndpointCaptioner, *items: Image | Video) -> list[str | DecodeError]:
    return captioner.caption(items or [plain()], modality="image", prompt=PROMPT)


def reason(answers: Sequence[str | DecodeError]) -> Reason:
    (answer,) = answers
    assert isinstance(answer, DecodeError), answer
    return answer.reason


def test_a_question_is_a_picture_and_a_prompt_and_leaves_nothing_to_chance(site, captioner) -> None:
    assert ask(captioner(said(" A  grey\nsquare. "))) == ["A grey square."]
    (asked,) = site.asked
    assert (asked.method, asked.path) == ("POST", PATH)
    assert "Authorization" not in asked.headers
    assert asked.headers["User-Agent"].startswith("pentad/")
    body = json.loads(asked.body)
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("some/Model", 0, 33)
    assert body["messages"][0]["content"][-1] == {"type": "text", "text": PROMPT}
    assert shown(body)[0].shape == (10, 10, 3)


def test_answers_stand_with_their_items_and_requests_are_bounded(site, captioner) -> None:
    shades = [5 * number for number in range(20)]
    items = [plain(shade) for shade in shades]
    answers = ask(captioner(slow(painting, 0.05), requests=3), *items)
    assert answers == [f"a {shade}-{shade}-{shade} picture" for shade in shades]
    assert 1 < site.most_running <= 3


def test_a_video_is_several_pictures_in_order(captioner) -> None:
    frames = np.stack([plain(shade).pixels for shade in (0, 100, 200)])
    answers = captioner(painting).caption([Video(frames, 1.0)], modality="video", prompt=PROMPT)
    assert answers == ["a 0-0-0 and 100-100-100 and 200-200-200 picture"]


def test_pictures_are_sent_small(site, captioner) -> None:
    rng = np.random.default_rng(0)
    noise = Image(rng.integers(0, 256, (1500, 3000, 3), dtype=np.uint8))
    ask(captioner(said("noise")), noise)
    (picture,) = shown(json.loads(site.asked[0].body))
    assert picture.shape == (SIDE // 2, SIDE, 3)
    assert len(site.asked[0].body) < MAX_PICTURE * 4 / 3 + 1000


def test_a_picture_that_is_still_too_large_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image as Pillow

    monkeypatch.setattr("pentad.pipeline.captioning.questions.MAX_PICTURE", 20_000)
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    assert len(data_uri(Pillow.fromarray(noise))) * 3 / 4 < 20_100


def test_it_waits_as_it_is_told_and_asks_again(site, captioner) -> None:
    begun = time.monotonic()
    answers = ask(captioner(status(429, Retry_After="1"), status(503), said("a square")))
    assert answers == ["a square"]
    assert time.monotonic() - begun >= 1.0
    assert len(site.asked) == 3


def test_a_server_that_always_fails_is_given_up(site, captioner) -> None:
    answers = ask(captioner(status(500)))
    assert reason(answers) is Reason.NO_ANSWER
    assert "server-error" in str(answers[0])
    assert len(site.asked) == 4


def test_a_wait_of_an_hour_is_not_waited_for(site, captioner) -> None:
    assert reason(ask(captioner(status(429, Retry_After="3600")))) is Reason.NO_ANSWER
    assert len(site.asked) == 1


def test_a_server_that_says_nothing_is_given_up(site, captioner) -> None:
    answers = ask(captioner(silent(site, 3.0), timeout=0.2, retries=1))
    assert reason(answers) is Reason.NO_ANSWER
    assert "timeout" in str(answers[0])


def test_a_slow_answer_is_waited_for(captioner) -> None:
    assert ask(captioner(slow(said("late"), 0.5))) == ["late"]


@pytest.mark.parametrize(
    "body",
    [
        b"{nonsense",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [7]}',
        b'{"choices": [{"message": "text"}]}',
        b'{"choices": [{"message": {"content": "%s"}}]}' % (b"x" * MAX_ANSWER),
    ],
)
def test_an_answer_that_is_none_is_no_caption(captioner, body: bytes) -> None:
    assert reason(ask(captioner(raw(body)))) is Reason.NO_ANSWER


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(""), Reason.EMPTY_CAPTION),
        (said(None), Reason.EMPTY_CAPTION),
        (said({"text": "x"}), Reason.EMPTY_CAPTION),
        (said("x" * 5000), Reason.TOO_LARGE),
        (said("a sq", "length"), Reason.TRUNCATED),
        (said("", "content_filter"), Reason.MODEL_REFUSED),
        (said(None, "stop", refusal="I cannot."), Reason.MODEL_REFUSED),
        (said("x", "tool_calls"), Reason.MODEL_REFUSED),
        (said("\ud800"), Reason.WRONG_ENCODING),
    ],
)
def test_an_answer_that_will_not_do_is_refused(captioner, answer, expected) -> None:
    assert reason(ask(captioner(answer))) is expected


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (said([{"type": "text", "text": "a"}, {"type": "text", "text": "square"}]), "a square"),
        (said("a square", None), "a square"),
        (said("<think>hm</think> a square"), "a square"),
    ],
)
def test_forms_that_servers_use(captioner, answer: Answer, text: str) -> None:
    assert ask(captioner(answer)) == [text]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(site, captioner, code: int) -> None:
    site.add("/elsewhere", said("stolen"))
    with pytest.raises(InputError, match="would send pictures on to somewhere else"):
        ask(captioner(redirect("/elsewhere", code), key="secret"))
    assert [asked.path for asked in site.asked] == [PATH]


@pytest.mark.parametrize(("code", "words"), [(401, "key"), (403, "key"), (404, "no such address")])
def test_what_no_item_can_change_ends_the_run(site, captioner, code: int, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        ask(captioner(status(code), key="secret-key"), *[plain()] * 30)
    assert "secret-key" not in str(caught.value)
    assert len(site.asked) < 30


def test_a_server_that_refuses_every_picture_alike_ends_the_run(captioner) -> None:
    refusal = raw(json.dumps({"error": {"message": "no images, please"}}).encode(), 400)
    with pytest.raises(InputError, match=r"refuses every question \(status 400: no images"):
        ask(captioner(refusal), plain(), plain())


def test_a_picture_that_the_server_does_not_take_is_refused(site, captioner) -> None:
    def small_ones_only(handler: Any) -> None:
        wide = shown(json.loads(handler.asked.body))[0].shape[0] < 20
        (raw(b"too small\x1b[2J", 422) if wide else painting)(handler)

    answers = ask(captioner(small_ones_only), plain(side=10), plain(side=10))
    assert [str(answer) for answer in answers] == [
        "model-refused: status 422: too small\\x1b[2J"
    ] * 2
    assert ask(captioner(), plain(side=30)) == ["a 100-100-100 picture"]


def test_a_body_that_is_too_large_is_refused(captioner) -> None:
    answers = ask(captioner(said("yes"), raw(b"{}", 413)), plain(), plain())
    assert {a.reason for a in answers if isinstance(a, DecodeError)} == {Reason.TOO_LARGE}


def test_a_server_that_calls_the_limit_otherwise_is_understood(site, captioner) -> None:
    def newer(handler: Any) -> None:
        body = json.loads(handler.asked.body)
        wrong = {"error": {"message": "Use 'max_completion_tokens' instead."}}
        (raw(json.dumps(wrong).encode(), 400) if "max_tokens" in body else said("ok"))(handler)

    one = captioner(newer, requests=1)
    assert ask(one, plain(), plain()) == ["ok", "ok"]
    assert len(site.asked) == 3
    assert json.loads(site.asked[-1].body)["max_completion_tokens"] == 33


def test_nobody_there_is_no_answer() -> None:
    with serving() as site:
        url = site.url("/v1")
    line = Wire(completions_url(url), retries=0, timeout=2.0)
    answers = ask(EndpointCaptioner("m", line))
    assert reason(answers) is Reason.NO_ANSWER


def test_stopping_ends_what_is_waiting(captioner) -> None:
    one = captioner(status(503), backoff=60.0)
    threading.Timer(0.3, one._wire.stop).start()
    begun = time.monotonic()
    with pytest.raises(InputError, match="stopped"):
        ask(one)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/", "http://localhost:8000/v1/chat/completions"),
        ("https://api.example.com/v1/", "https://api.example.com/v1/chat/completions"),
        ("http://10.0.0.7/x/v1/chat/completions", "http://10.0.0.7/x/v1/chat/completions"),
        ("http://[::1]:9/v1", "http://[::1]:9/v1/chat/completions"),
    ],
)
def test_an_endpoint_may_be_given_as_far_as_one_likes(given: str, url: str) -> None:
    assert completions_url(given).text == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost:8000",
        "ftp://a/v1",
        "http://me:secret@a/v1",
        "http://a/v1?key=secret",
        "http:///v1",
    ],
)
def test_what_is_no_endpoint_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--endpoint") as caught:
        completions_url(given)
    assert ":secret" not in str(caught.value)


def test_the_own_key_goes_where_the_user_says(site, captioner, monkeypatch) -> None:
    monkeypatch.setenv("PENTAD_API_KEY", "sesame")
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    notices: list[str] = []
    key = find_key(completions_url(site.url("/v1")), notices.append)
    ask(captioner(said("ok"), key=key))
    assert site.asked[0].headers["Authorization"] == "Bearer sesame"
    assert notices == []
    assert find_key(completions_url("http://10.1.2.3/v1"), notices.append) == "sesame"
    assert "unencrypted" in notices[0]
    assert "sesame" not in notices[0]


def test_the_common_key_goes_nowhere_unencrypted(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    notices: list[str] = []
    find = [
        find_key(completions_url(url), notices.append)
        for url in ("https://api.openai.com/v1", "http://localhost:1/v1", "http://10.1.2.3/v1")
    ]
    assert find == ["other", "other", None]
    assert notices == [
        "OPENAI_API_KEY is not sent to 10.1.2.3:80 unencrypted; "
        "set PENTAD_API_KEY if it is meant for it"
    ]


@pytest.mark.parametrize("key", ["two words", "new\nline", "k\u00e9y", "x" * 5000])
def test_what_cannot_be_a_key_is_refused_unseen(monkeypatch, key: str) -> None:
    monkeypatch.setenv("PENTAD_API_KEY", key)
    with pytest.raises(InputError, match="PENTAD_API_KEY holds no key") as caught:
        find_key(completions_url("https://a.example/v1"), print)
    assert key not in str(caught.value)


def test_the_key_is_in_no_fingerprint_and_the_model_is(captioner) -> None:
    one, two = captioner(said("x"), key="a"), captioner(said("x"), key="b")
    assert one.fingerprint == two.fingerprint
    line = Wire(completions_url("http://localhost:1"))
    assert EndpointCaptioner("other", line, max_tokens=33).fingerprint != one.fingerprint
    assert (one.name, one.model) == ("model", "some/Model")


def test_options_that_do_not_belong_are_refused(site) -> None:
    def choose(spec: str, **options: Any) -> None:
        choose_captioner(spec, Choice(**options), print)

    with pytest.raises(InputError, match="--endpoint URL"):
        choose("openai:m")
    with pytest.raises(InputError, match="leave --endpoint out"):
        choose("minicpm-v", endpoint="http://localhost/v1")
    with pytest.raises(InputError, match="--device and --dtype are for models that run here"):
        choose("openai:m", endpoint="http://localhost/v1", device="cuda")
    with pytest.raises(InputError, match="needs the name of a model"):
        choose("openai:", endpoint="http://localhost/v1")
    with pytest.raises(InputError, match="at least 1"):
        choose("openai:m", endpoint="http://localhost/v1", max_tokens=0)


def test_without_urllib3_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setattr(wires, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pentad\[download\]"):
        completions_url("http://localhost/v1")


def test_nothing_of_the_environment_leads_elsewhere(site, captioner, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(captioner(said("ok"))) == ["ok"]
    assert "HTTP_PROXY" in os.environ
    assert colour(plain().pixels) == "100-100-100"
