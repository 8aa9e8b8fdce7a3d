from redqueen.model.state cimport State

cpdef void close_books(State state) noexcept nogil
