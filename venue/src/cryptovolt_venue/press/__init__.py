"""A press on loopback: made-up news and posts, served as the real services serve theirs."""
