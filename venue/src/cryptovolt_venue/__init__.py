"""An exchange on loopback, with a ledger of its own."""
