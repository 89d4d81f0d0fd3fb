"""Takes: read frames with exact times, write them back with the sound."""
