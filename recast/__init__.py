"""recast replaces the face in a take with another person's, by a model trained on both."""
