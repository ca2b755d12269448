"""The rules of the content tree (design, section 4), each breach with its path, line and fix."""
