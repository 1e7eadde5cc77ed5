#ifndef NBDGEN_CCRYPTO_SHIM_H
#define NBDGEN_CCRYPTO_SHIM_H

// SHA-256 by itself, as of OpenSSL 1.1: EVP of 3.0 comes with providers, whose tables
// take longer to load than everything else in the program.
#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>

#endif
