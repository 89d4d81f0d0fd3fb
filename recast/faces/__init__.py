"""Find faces in frames and place them in aligned crops."""
