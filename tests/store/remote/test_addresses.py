from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.store.remote.addresses import (
    PROTOCOLS,
    bucket_and_key,
    checked_address,
    is_address,
    protocol_of,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("s3://bucket", "s3://bucket"),
        ("S3://bucket/Photos//", "s3://bucket/Photos"),
        ("gs://bucket/a b/ä#1", "gs://bucket/a b/ä#1"),
        ("abfs://box@account.dfs.core.windows.net/x", "abfs://box@account.dfs.core.windows.net/x"),
        ("s3://bucket/what?", "s3://bucket/what?"),
    ],
)
def test_an_address_is_kept_as_it_is(text: str, kept: str) -> None:
    assert is_address(text)
    assert checked_address(text) == kept
    assert checked_address(kept) == kept


@pytest.mark.parametrize("text", ["folder", "/a/b", "c:\\x", "s3:/bucket", "emm1:/data", ""])
def test_a_path_is_no_address(text: str) -> None:
    assert not is_address(text)
    with pytest.raises(InputError, match="is no address of a store"):
        checked_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://key:word@bucket/x",
        "s3://key@bucket/x",
        "abfs://box:word@account/x",
        "s3://bucket/x?X-Amz-Signature=word",
        "gs://bucket/x?sig=word&y",
    ],
)
def test_a_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_address(text)
    assert "word" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize("text", ["s3://a//b", "s3:///b", "s3://a/./b", "s3://a/../b", "s3://a/\n"])
def test_what_no_object_is_called_by_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        checked_address(text)


@given(st.text())
def test_any_text_is_an_address_or_told_in_one_line(text: str) -> None:
    for protocol in PROTOCOLS:
        kept = checked(f"{protocol}://{text}")
        if not kept.startswith(f"{protocol}://"):
            assert len(kept.splitlines()) == 1
            continue
        bucket, key = bucket_and_key(kept)
        assert bucket
        assert protocol_of(kept) == protocol
        assert kept == f"{protocol}://{bucket}" + (f"/{key}" if key else "")


def checked(text: str) -> str:
    """Return the address that is kept, or why none is."""
    try:
        return checked_address(text)
    except InputError as error:
        return f"told: {error}"
