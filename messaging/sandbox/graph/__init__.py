"""The Graph API: one door, because an id alone says what it is (reference §2-§6)."""
