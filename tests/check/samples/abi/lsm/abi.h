#include <stdint.h>
struct rf_record {
	uint32_t kind;
	uint64_t time; /* 4 bytes further where alignment is 8 */
};
