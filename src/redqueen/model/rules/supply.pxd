from redqueen.model.state cimport State

cpdef void supply_chain(State state) noexcept nogil
