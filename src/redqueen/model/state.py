"""The state of a run: arrays owned by NumPy, allocated from ``fields.py`` and seen by the compiled rules.

``state.pxd`` is generated from the same declarations and turns both classes into compiled structs;
without it they are ordinary classes.
"""

import math

import cython
import numpy

from redqueen.model.fields import BLOCKS, FIELDS, SIZES
from redqueen.model.parameters import DEFAULTS

TYPES = {"f8": numpy.float64, "i4": numpy.int32, "u8": numpy.uint64, "u1": numpy.uint8}


class Parameters:
    """Every assumption as a number; attributes are those of ``parameters.py``."""

    def __init__(self, values):
        for name, default in DEFAULTS.items():
            setattr(self, name, float(values.get(name, default)))


class State:
    """All arrays of one run.

    ``arrays`` holds the NumPy arrays by name; attributes of the same names are the rules' views of them. ``blocks`` holds
    what lies side by side, by the names of ``fields.py``: one array of one dimension each, of which those by name are parts.
    """

    def __init__(self, sizes, parameters):
        self.sizes = dict(sizes)
        self.parameters = parameters
        self.blocks, parts = {}, {}
        for name, names in BLOCKS.items():
            shapes = {part: self.shape_of(ROWS[part]) for part in names}
            self.blocks[name] = numpy.zeros(sum(map(math.prod, shapes.values())), TYPES[ROWS[names[0]].type])
            parts.update(divide(self.blocks[name], shapes))
        self.arrays = {}
        for field in FIELDS:
            if field.shape:
                self.arrays[field.name] = parts[field.name] if field.name in parts else numpy.zeros(
                    self.shape_of(field), TYPES[field.type]
                )
            else:
                setattr(self, field.name, 0)
        self.bind()

    def shape_of(self, field):
        """Give the lengths of a field's dimensions."""
        return tuple(self.sizes[dimension] for dimension in field.shape)

    def bind(self):
        """Point the rules' views at the arrays."""
        for dimension, attribute in SIZES.items():
            setattr(self, attribute, self.sizes[dimension])
        for name, array in self.arrays.items():
            setattr(self, name, array if cython.compiled else PlainView(array))

    def copy(self):
        """Give an independent copy."""
        twin = State(self.sizes, self.parameters)
        for name, array in self.arrays.items():
            twin.arrays[name][...] = array
        for field in FIELDS:
            if not field.shape:
                setattr(twin, field.name, getattr(self, field.name))
        return twin

    def reset_outcomes(self):
        """Set every outcome to zero, at the start of a quarter."""
        self.blocks["outcome"].fill(0.0)
        self.blocks["yearly"].fill(0.0)

    def make_room(self, spare):
        """Lengthen the tables of firms and products when fewer than ``spare`` slots are free.

        Slots carry no luck (draws follow lineage), so a longer table changes nothing else.
        """
        lengthened = {}
        if self.n_free < spare:
            lengthened["firm"] = 2 * self.n_firms + spare
            lengthened["firm_stage"] = lengthened["firm"] * self.n_stages
        if self.n_free_products < spare:
            lengthened["product"] = 2 * self.n_products + spare
        if not lengthened:
            return
        old = dict(self.sizes)
        self.sizes.update(lengthened)
        for field in FIELDS:
            if any(dimension in lengthened for dimension in field.shape):
                array = self.arrays[field.name]
                longer = numpy.zeros(self.shape_of(field), array.dtype)
                longer[: array.shape[0]] = array
                self.arrays[field.name] = longer
        if "firm" in lengthened:
            self.n_free = free_new_slots(self.arrays["free_slots"], self.n_free, old["firm"], self.sizes["firm"])
        if "product" in lengthened:
            self.arrays["product_firm"][old["product"] :] = -1
            self.n_free_products = free_new_slots(
                self.arrays["free_products"], self.n_free_products, old["product"], self.sizes["product"]
            )
        self.bind()


class PlainView:
    """Lets interpreted rules read an array's entries as Python numbers, as compiled ones read C numbers."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __getitem__(self, index):
        return self.array[index].item()

    def __setitem__(self, index, value):
        self.array[index] = value


ROWS = {field.name: field for field in FIELDS}


def divide(whole, shapes):
    """Give the parts of an array whose last dimension holds arrays of these shapes side by side, by name: views of it."""
    parts, first = {}, 0
    for name, shape in shapes.items():
        end = first + math.prod(shape)
        parts[name] = whole[..., first:end].reshape((*whole.shape[: whole.ndim - 1], *shape))
        first = end
    return parts


def free_new_slots(stack, count, first, end):
    """Put slots ``first`` to ``end`` under the free ones of a stack, lowest on top; give the new count."""
    fresh = numpy.arange(end - 1, first - 1, -1)
    stack[len(fresh) : len(fresh) + count] = stack[:count].copy()
    stack[: len(fresh)] = fresh
    return count + len(fresh)
