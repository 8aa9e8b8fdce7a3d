from redqueen.model.state cimport State

cpdef void move_talent(State state) noexcept nogil
