from redqueen.model.state cimport State

cpdef void found_firms(State state) noexcept nogil
cdef int found(State state, int region, int parent, unsigned long long ancestor, int order, double loss) noexcept nogil
