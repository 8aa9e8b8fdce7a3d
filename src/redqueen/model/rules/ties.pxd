from redqueen.model.state cimport State

cpdef void renew_ties(State state) noexcept nogil
cdef void add_tie(State state, int firm, int other, double strength, int kind) noexcept nogil
cdef void tie_both(State state, int firm, int other, double strength, int kind) noexcept nogil
cdef int neighbour(State state, int region, unsigned long long key, unsigned long long identity, int index) noexcept nogil
cdef int is_open(State state, int firm) noexcept nogil
