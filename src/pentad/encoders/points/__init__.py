"""Neural encoders of point clouds: a Uni3D-shaped network, a small PointNet, rendered views."""
