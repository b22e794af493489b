#include "lsm/abi.h"
