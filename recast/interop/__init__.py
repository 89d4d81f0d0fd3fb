"""Files of other programs, and packs to give away; read so that they cannot do anything."""
