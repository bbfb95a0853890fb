"""The judge: where the classifier is not sure, a model inside that may read everything is asked one question."""
