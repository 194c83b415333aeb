"""The detection matrix: which check would have caught which fault, measured on the emulated device with real models."""
