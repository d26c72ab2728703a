"""Passwords: how they are stored, and which are refused."""

import threading
import time

import psutil
import pytest
from argon2 import extract_parameters

from app.core.security import hash_password, password_fault, verify_password
from cryptovolt.domain.errors import TransientError

PASSWORD = "a Quiet harbour 41"


def test_a_password_is_stored_as_argon2id_with_64_mib_and_3_passes() -> None:
    stored = hash_password(PASSWORD)
    found = extract_parameters(stored)
    assert stored.startswith("$argon2id$")
    assert (found.memory_cost, found.time_cost, found.parallelism) == (64 * 1024, 3, 1)
    assert hash_password(PASSWORD) != stored


def test_only_the_right_password_is_right() -> None:
    stored = hash_password(PASSWORD)
    assert verify_password(PASSWORD, stored) == (True, None)
    assert verify_password(PASSWORD + " ", stored) == (False, None)
    assert verify_password(PASSWORD.upper(), stored) == (False, None)
    assert verify_password("", stored) == (False, None)
    assert verify_password(PASSWORD, None) == (False, None)


@pytest.mark.parametrize("stored", ["hashed_password", "", "$argon2id$", "x" * 255, PASSWORD])
def test_a_stored_text_that_is_no_hash_lets_nobody_in(stored: str) -> None:
    assert verify_password(stored, stored) == (False, None)


def test_an_outdated_hash_is_renewed_when_its_password_is_right() -> None:
    from pwdlib.hashers.argon2 import Argon2Hasher

    weak = Argon2Hasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    right, renewed = verify_password(PASSWORD, weak)
    assert right
    assert renewed is not None
    assert extract_parameters(renewed).memory_cost == 64 * 1024
    assert verify_password("something else 41", weak) == (False, None)


def test_a_flood_of_passwords_takes_little_memory_and_is_turned_away() -> None:
    hash_password(PASSWORD)
    process = psutil.Process()
    before = process.memory_info().rss
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            verify_password(PASSWORD, None)
            outcomes.append("done")
        except TransientError:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(40)]
    for thread in threads:
        thread.start()
    largest = before
    while any(thread.is_alive() for thread in threads):
        largest = max(largest, process.memory_info().rss)
        time.sleep(0.002)
    # Two hashes of 64 MiB at once, and room for the allocator's own ways.
    assert largest - before < 200 * 2**20
    assert outcomes.count("done") >= 12
    assert outcomes.count("refused") == 40 - outcomes.count("done") > 0
    assert verify_password(PASSWORD, None) == (False, None)


FAULTS = [
    # password, names, refused
    (PASSWORD, ("alice",), False),
    ("correct horse battery staple", (), False),
    ("Password1234", (), True),
    ("QWERTYUIOP123", (), True),
    ("aaaaaaaaaaaaaaaa", (), True),
    ("abababababab", (), True),
    ("my name is alice 41", ("alice",), True),
    ("ALICE-was-here-41", ("alice",), True),
    ("mail.alice@example.org", ("x", "alice@example.org"), True),
    ("bob has a short name", ("bob",), False),
    ("пароль на русском", (), False),
    ("🦊🐻🐼🐨🦁🐯🐮🐷🐸🐵🐔🐧", (), False),
]


@pytest.mark.parametrize(("password", "names", "refused"), FAULTS)
def test_passwords_that_are_guessed_first_are_refused(
    password: str, names: tuple[str, ...], refused: bool
) -> None:
    assert (password_fault(password, *names) is not None) is refused
