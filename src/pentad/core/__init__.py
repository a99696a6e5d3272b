"""What everything shares: modalities, errors, fingerprints, seeds, progress, the engine."""
