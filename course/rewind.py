"""Train one compiled model many times from the start, without building it again."""


class Rewind:
    """Remember the state of a compiled model and its optimiser, and put it back.

    Random numbers drawn inside the model, by dropout for example, go on where they were.

    Building and compiling a small model takes longer than training it on a hundred rows. A learning
    curve trains fifty of them.

    Args:
        model: a built Keras model with an optimiser.

    Raises:
        ValueError: if the model has no weights yet, or was not compiled.

    Example:
        >>> start = Rewind(model)
        >>> for rows in draws:
        ...     start()
        ...     model.fit(x[rows], y[rows], verbose=0)
    """

    def __init__(self, model):
        if not model.built or getattr(model, "optimizer", None) is None:
            raise ValueError(f"Build and compile {model.name!r} first: it has no state yet.")
        model.optimizer.build(model.trainable_variables)
        self._model = model
        self._weights = model.get_weights()
        self._optimizer = [variable.numpy() for variable in model.optimizer.variables]

    def __call__(self, weights=None):
        """Put the remembered state back, or these weights with a fresh optimiser.

        Args:
            weights: a list of arrays as of `get_weights()`; None means the remembered ones.
        """
        self._model.set_weights(self._weights if weights is None else weights)
        for variable, value in zip(self._model.optimizer.variables, self._optimizer, strict=True):
            variable.assign(value)
