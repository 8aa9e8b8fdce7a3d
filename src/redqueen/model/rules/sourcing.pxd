from redqueen.model.state cimport State

cpdef void choose_suppliers(State state) noexcept nogil
cpdef void drop_lost_suppliers(State state) noexcept nogil
cdef double supplied_cost(State state, int product, int stage, int supplier, double margin, double trust) noexcept nogil
cdef double supplied_quality(State state, int product, int stage, int supplier) noexcept nogil
cdef double elasticity_of(State state, int product) noexcept nogil
cdef double taste_of(State state, int product) noexcept nogil
