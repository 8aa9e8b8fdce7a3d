from redqueen.model.state cimport State

cdef int bear(State state, int region, unsigned long long ancestor, int order, double cash) noexcept nogil
cdef void start_stage(State state, int firm, int stage, double quality, double capacity, unsigned long long design) noexcept nogil
cdef int start_product(State state, int firm, int industry) noexcept nogil
cdef void inherit(State state, int firm, int parent, int stage, double loss) noexcept nogil
cdef void give_up_stage(State state, int firm, int stage) noexcept nogil
