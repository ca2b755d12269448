"""The path through the whole product, with nothing faked on it: real services, real sandboxes, the real command."""
