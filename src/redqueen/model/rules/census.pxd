from redqueen.model.state cimport State

cpdef void take_census(State state) noexcept nogil
