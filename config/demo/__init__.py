"""What `make run` and `make test` start, and how it is stopped again."""
