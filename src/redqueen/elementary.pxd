cpdef double exp(double x) noexcept nogil
cpdef double log(double x) noexcept nogil
cpdef double power(double x, double y) noexcept nogil
cpdef double cos(double x) noexcept nogil
cpdef double sqrt(double x) noexcept nogil
