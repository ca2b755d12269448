"""What belongs to one backend."""
