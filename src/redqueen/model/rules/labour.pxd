from redqueen.model.state cimport State

cpdef void set_wages(State state) noexcept nogil
cpdef void spend_incomes(State state) noexcept nogil
