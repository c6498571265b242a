"""A company's schema: how it is made from one script, and how it follows the migrations."""
