"""Many solves: sweeps over a column's inputs."""
