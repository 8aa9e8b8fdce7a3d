from redqueen.model.state cimport State

cpdef void open_affiliates(State state) noexcept nogil
