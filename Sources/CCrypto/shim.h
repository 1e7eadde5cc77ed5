#ifndef NBDGEN_CCRYPTO_SHIM_H
#define NBDGEN_CCRYPTO_SHIM_H

#include <openssl/evp.h>

#endif
