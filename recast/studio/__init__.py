"""The studio: a local web page over the same stages as the command line."""
