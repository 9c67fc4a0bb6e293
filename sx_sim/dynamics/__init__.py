"""Time: start-up, upsets and control of cascades, circuits and trains."""
