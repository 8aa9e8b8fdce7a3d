from redqueen.model.state cimport State

cdef int found(State state, int region, int parent, unsigned long long ancestor, int order, double loss) noexcept nogil
