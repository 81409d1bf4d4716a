"""Chapter 7 computed another way: np.convolve, sorting, sets of plain ints, and Keras itself."""

import numpy as np


def convolved(x, kernel, stride):
    return np.convolve(x, kernel[::-1], mode="valid")[::stride]


def sorted_draw(labels, order, per_class):
    places = {}
    for place, row in enumerate(order.tolist()):
        places.setdefault(int(labels[row]), []).append(place)
    taken = sorted(p for found in places.values() for p in found[:per_class])
    return order[taken]


def both_sides(bee, in_test):
    pairs = list(zip(bee.tolist(), in_test.tolist(), strict=True))
    return np.array(
        sorted({b for b, t in pairs if t} & {b for b, t in pairs if not t}), dtype=np.int64
    )


def counted_by_keras_with_frozen_layers(channels, widths, classes, frozen):
    from course.quiet import keras

    layers = keras.layers
    convolutions = [
        layers.Conv1D(int(units), int(width))
        for units, width in zip(channels[1:], widths, strict=True)
    ]
    for layer in convolutions[:frozen]:
        layer.trainable = False
    model = keras.Sequential(
        [
            keras.Input((128, int(channels[0]))),
            *convolutions,
            layers.GlobalAveragePooling1D(),
            layers.Dense(classes),
        ]
    )
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


ORACLES = {
    "7.1": convolved,
    "7.2": sorted_draw,
    "7.3": counted_by_keras_with_frozen_layers,
    "7.4": both_sides,
}
