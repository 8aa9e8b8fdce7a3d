from redqueen.model.state cimport State

cpdef void change_environment(State state) noexcept nogil
