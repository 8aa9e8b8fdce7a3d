from redqueen.model.state cimport State

cpdef void move_people(State state) noexcept nogil
