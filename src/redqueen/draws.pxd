cpdef unsigned long long key(unsigned long long seed, int decision, int quarter) noexcept nogil
cpdef unsigned long long bits(unsigned long long key, unsigned long long identity, int index) noexcept nogil
cpdef double uniform(unsigned long long key, unsigned long long identity, int index) noexcept nogil
cpdef int below(unsigned long long key, unsigned long long identity, int index, int n) noexcept nogil
cpdef double normal(unsigned long long key, unsigned long long identity, int index) noexcept nogil
cpdef double quantile(double u) noexcept nogil
cpdef unsigned long long child(unsigned long long parent, int quarter, int order) noexcept nogil
cpdef unsigned long long founder(unsigned long long region, int n) noexcept nogil
