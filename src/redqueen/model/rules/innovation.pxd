from redqueen.model.state cimport State

cpdef void innovate(State state) noexcept nogil
