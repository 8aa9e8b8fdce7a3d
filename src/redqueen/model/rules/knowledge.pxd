from redqueen.model.state cimport State

cdef double complementarity(State state, int stage, unsigned long long own, unsigned long long other) noexcept nogil
cdef unsigned long long combine(State state, unsigned long long own, unsigned long long other, unsigned long long key, unsigned long long identity, int stage) noexcept nogil
cdef double find_partner(State state, int firm, int stage) noexcept nogil
cdef double accessible_quality(State state, int firm, int stage) noexcept nogil
cdef double imitated_share(State state, int firm) noexcept nogil
cdef int is_visited(State state, int firm, int stage) noexcept nogil
