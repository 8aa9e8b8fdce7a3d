from redqueen.model.state cimport State

cpdef void clear_markets(State state) noexcept nogil
