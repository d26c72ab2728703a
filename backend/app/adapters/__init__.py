"""What talks to the world outside, behind the engine's ports."""
