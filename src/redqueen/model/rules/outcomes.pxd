from redqueen.model.state cimport State

cpdef void measure_outcomes(State state) noexcept nogil
