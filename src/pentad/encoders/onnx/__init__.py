"""Any ONNX model with a card as an encoder."""
