"""The walk-through's model: its k-means, and what it measures and plots with it."""

from kpalette.kmeans import KMeans

__all__ = ["KMeans"]
