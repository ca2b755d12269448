"""The typed, versioned formats of all content files."""
