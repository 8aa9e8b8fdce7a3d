from redqueen.model.state cimport State

cpdef void end_firms(State state) noexcept nogil
