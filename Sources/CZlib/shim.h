#ifndef NBDGEN_CZLIB_SHIM_H
#define NBDGEN_CZLIB_SHIM_H

#include <zlib.h>

#endif
