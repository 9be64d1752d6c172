/* The imports of nexus_abi.h as C functions. */
#ifndef NX_GUEST_HOST_H_
#define NX_GUEST_HOST_H_

#include "nexus_abi.h"

#define NX_DECLARE(name, parameters) \
  __attribute__((import_module("nexus"), import_name(#name))) int name parameters;
#define NX_DECLARE1(name, host) NX_DECLARE(name, (unsigned))
#define NX_DECLARE2(name, host) NX_DECLARE(name, (unsigned, unsigned))
#define NX_DECLARE3(name, host) NX_DECLARE(name, (unsigned, unsigned, unsigned))
#define NX_DECLARE4(name, host) NX_DECLARE(name, (unsigned, unsigned, unsigned, unsigned))
#define NX_DECLARE5(name, host) NX_DECLARE(name, (unsigned, unsigned, unsigned, unsigned, unsigned))
#define NX_DECLARE6(name, host) \
  NX_DECLARE(name, (unsigned, unsigned, unsigned, unsigned, unsigned, unsigned))
NX_IMPORTS(NX_DECLARE1, NX_DECLARE2, NX_DECLARE3, NX_DECLARE4, NX_DECLARE5, NX_DECLARE6)

/* An address as it crosses the boundary. */
#define NX_PTR(pointer) ((unsigned)(__UINTPTR_TYPE__)(pointer))

#endif
