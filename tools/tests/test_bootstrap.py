"""Setting up: found interpreters, stamps, locks and sentences for what is missing."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import bootstrap
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
posix_only = pytest.mark.skipif(os.name == "nt", reason="the script is for POSIX shells")


def start(
    program: str | Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@posix_only
def test_without_a_python_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    for tool in ("dirname", "sh"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}" if tool == "sh" else "/usr/bin/dirname")
    result = start("/bin/sh", str(ROOT / "cv"), "up", PATH=str(tmp_path), CRYPTOVOLT_PYTHON="")
    assert result.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13 and found none" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_without_the_venv_module_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')")
    result = start(
        sys.executable,
        str(ROOT / "tools" / "bootstrap.py"),
        "up",
        PYTHONPATH=str(tmp_path),
        CRYPTOVOLT_VENV=str(tmp_path / "venv"),
    )
    assert result.returncode == 1
    assert "has no venv module: install it (Debian, Ubuntu: apt install python3." in result.stderr
    assert not (tmp_path / "venv").exists()


def test_a_changed_file_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("1")
    second.write_text("2")
    before = bootstrap.fingerprint([first, second])
    assert before == bootstrap.fingerprint([second, first])
    second.write_text("3")
    assert before != bootstrap.fingerprint([first, second])


def test_a_lock_left_by_a_dead_process_does_not_stop_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "CACHE", tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "setup.lock").write_text(str(dead.pid))
    with bootstrap.one_at_a_time():
        assert (tmp_path / "setup.lock").read_text() == str(os.getpid())
    assert not (tmp_path / "setup.lock").exists()


def test_a_second_start_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "CACHE", tmp_path)
    order: list[str] = []

    def second() -> None:
        with bootstrap.one_at_a_time():
            order.append("second")

    with bootstrap.one_at_a_time():
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_failing_step_shows_what_it_printed() -> None:
    with pytest.raises(bootstrap.SetupError, match=r"(?s)exit 3.*no such package"):
        bootstrap.run(sys.executable, "-c", "print('no such package'); raise SystemExit(3)")


def test_words_are_tasks_programs_or_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "BIN", tmp_path)
    for program in ("python", "pytest", "cryptovolt"):
        (tmp_path / program).write_text("")
        (tmp_path / program).chmod(0o755)
    for words, expected in (
        (["test", "engine"], [tmp_path / "python", ROOT / "tools" / "checks.py", "test", "engine"]),
        (["pytest", "-x"], [tmp_path / "pytest", "-x"]),
        (["bars", "list"], [tmp_path / "cryptovolt", "bars", "list"]),
        ([], [tmp_path / "cryptovolt", "--help"]),
    ):
        assert bootstrap.command_line(words) == [str(part) for part in expected]


def test_a_read_only_home_moves_the_caches_into_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    env = bootstrap.environment()
    assert Path(env["XDG_CACHE_HOME"]).parent == ROOT
    assert Path(env["npm_config_cache"]).is_relative_to(ROOT)


def test_kernels_are_compiled_anew_where_the_source_of_one_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = tmp_path / "engine/src/kernel.py", tmp_path / "engine/src/plain.py"
    source.parent.mkdir(parents=True)
    source.write_text("from numba import njit  # 1")
    other.write_text("1")
    compiled = tmp_path / "cache" / "room_abc" / "kernel.f-10.py311.nbi"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "ENGINE", tmp_path / "engine")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))

    def kept_after(path: Path, text: str) -> bool:
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_text("machine code")
        path.write_text(text)
        bootstrap.forget_stale_kernels()
        return compiled.exists()

    assert not kept_after(source, "from numba import njit  # 1")  # nobody knows what it was made of
    assert kept_after(source, "from numba import njit  # 1")
    assert kept_after(other, "2")
    assert not kept_after(source, "from numba import njit  # 2")
    assert kept_after(source, "from numba import njit  # 2")
