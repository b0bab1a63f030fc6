"""What goes wrong on demand: a catalogue of named faults, and the engine that has them act within their scope."""
