"""Similarity of items of one modality: prepare vectors, search, judge by shared labels.

After "Evaluation of Deep Audio Representations for Semantic Sound Similarity" (CBMI 2024), for any
modality and any labels.
"""
