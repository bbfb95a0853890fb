"""Keys of exact lists: made once, for their owner alone; or made from the secret of the client keys."""

from pathlib import Path

import pytest

from gateway.configuration.list_keys import key_from_file, key_from_secret, make_key_file
from gateway.errors import ConfigError


def test_a_made_key_is_read_again_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """32 bytes, as text."""
    key = make_key_file(tmp_path / "list.key")
    assert len(key) == 32
    assert key_from_file(tmp_path / "list.key") == key
    assert (tmp_path / "list.key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """All lists made with it would be lost."""
    make_key_file(tmp_path / "list.key")
    with pytest.raises(ConfigError, match="cannot make the key"):
        make_key_file(tmp_path / "list.key")


@pytest.mark.parametrize("content", ["", "short", "x" * 44, "é" * 43, "!" * 43])
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    """The complaint names the file."""
    (tmp_path / "list.key").write_text(content)
    with pytest.raises(ConfigError) as caught:
        key_from_file(tmp_path / "list.key")
    assert content not in str(caught.value) or not content


def test_a_secret_gives_one_key_and_another_secret_another() -> None:
    """Always the same, and not the secret itself."""
    assert key_from_secret(b"s" * 43) == key_from_secret(b"s" * 43) != key_from_secret(b"t" * 43)
    assert len(key_from_secret(b"s" * 43)) == 32
