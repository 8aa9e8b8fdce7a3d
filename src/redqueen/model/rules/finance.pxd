from redqueen.model.state cimport State

cdef int is_target(unsigned long long target, int stage) noexcept nogil
cdef int does(State state, int firm, int stage) noexcept nogil
cdef int last_stage(State state, int firm) noexcept nogil
cdef int reaches(State state, int region, int firm) noexcept nogil
cdef double credit_line(State state, int firm) noexcept nogil
