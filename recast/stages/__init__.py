"""The pipeline in order, one plain function a stage."""
