from redqueen.model.state cimport State

cdef int is_target(unsigned long long target, int stage) noexcept nogil
cdef int does(State state, int firm, int stage) noexcept nogil
cdef int last_stage(State state, int firm) noexcept nogil
cdef int reaches(State state, int region, int firm) noexcept nogil
cdef double credit_line(State state, int firm) noexcept nogil
cdef int draw_stage(State state, unsigned long long stages, unsigned long long key, unsigned long long identity, int index) noexcept nogil
cdef unsigned long long bought_stages(State state, int industry) noexcept nogil
