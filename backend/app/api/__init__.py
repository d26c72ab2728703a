"""HTTP: one file per resource, HTTP status codes assigned in one place."""
