from redqueen.model.state cimport State

cpdef void levy_public_cost(State state) noexcept nogil
cpdef void spend_public_money(State state) noexcept nogil
