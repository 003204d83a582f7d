"""Models in files: safetensors and JSON, which can't run code when they are opened."""

from sklearn_dgex.persistence._card import model_card
from sklearn_dgex.persistence._models import load, save
from sklearn_dgex.persistence._onnx import to_onnx

__all__ = ["load", "model_card", "save", "to_onnx"]
