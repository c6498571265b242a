"""What the provider refuses at once, with the code and the words it refuses it with (reference §2)."""
