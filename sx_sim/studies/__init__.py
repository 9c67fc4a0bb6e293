"""Many solves of a case: sweep, sensitivity, tornado, uncertainty; how they are kept."""
