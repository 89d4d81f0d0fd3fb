"""Every parser of recast's own, fed with anything; `python -m fuzz` runs one under atheris."""
