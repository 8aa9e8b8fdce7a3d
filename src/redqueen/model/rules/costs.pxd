from redqueen.model.state cimport State

cpdef void measure_effort(State state) noexcept nogil
cpdef void price_units(State state) noexcept nogil
cdef void set_effort(State state, int firm, int stage) noexcept nogil
cdef double labour_cost(State state, int region, int stage) noexcept nogil
cdef double pay(State state, int region, int stage) noexcept nogil
cdef double subsidised_share(State state, int region, int stage) noexcept nogil
cdef double interface(State state, int region, int supplier, int stage, double trust) noexcept nogil
cdef double pool_interface(State state, int region, int stage) noexcept nogil
cdef double input_price(State state, int firm, int stage) noexcept nogil
cdef double input_interface(State state, int firm, int stage) noexcept nogil
cdef void set_unit_cost(State state, int firm, int stage) noexcept nogil
cdef double pool_markup(State state) noexcept nogil
cdef double newcomer_cost(State state, int region, int stage) noexcept nogil
