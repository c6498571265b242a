"""The product in processes of its own, on servers of its own, while something dies and messages flow both ways."""
