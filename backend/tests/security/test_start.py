"""A server with a secret everybody knows does not start in production."""

import os
import subprocess
import sys

import pytest

from app.core.config import CHECKOUT


@pytest.mark.parametrize("secret", ["", "changethis", "super-secret-key-of-the-handbook-01"])
def test_production_does_not_start_without_a_secret(secret: str) -> None:
    assert CHECKOUT is not None
    # A strong password in the address, so that only the secret is at fault.
    environment = os.environ | {
        "ENVIRONMENT": "production",
        "SECRET_KEY": secret,
        "DATABASE_URL": "postgresql://u:Zk3vQ9w8x7@127.0.0.1:1/cryptovolt",
    }
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", "0"]
    ended = subprocess.run(
        command,
        cwd=CHECKOUT / "backend",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "openssl rand -hex 32" in ended.stderr
    if secret:
        assert secret not in ended.stderr
