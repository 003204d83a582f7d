"""Training of autoencoders: a recipe, its weights, and two engines with one meaning."""
