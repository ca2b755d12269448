"""The backend of a laptop: services and sandboxes are processes of this machine."""
