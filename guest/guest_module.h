/* One translation of guest.wasm as the sandbox calls it: the same functions, whatever the flags it was
 * compiled with. `instance` points to `instance_size` bytes owned by the caller. */
#ifndef NX_GUEST_MODULE_H_
#define NX_GUEST_MODULE_H_

#include <stddef.h>
#include <stdint.h>

#include "wasm-rt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the generated code knows as its import instances. */
struct nx_host_context;

typedef struct nx_guest_module {
  const char* name;
  size_t instance_size;
  int checks_bounds;     /* 0: relies on guard pages */
  int uses_segment_base; /* 1: needs the memory's address in GS */
  void (*init_module)(void);
  void (*instantiate)(void* instance, struct nx_host_context* host);
  void (*release)(void* instance);
  wasm_rt_memory_t* (*memory)(void* instance);
  void (*initialize)(void* instance);
  uint32_t (*init)(void* instance);
  uint32_t (*control)(void* instance);
  uint32_t (*run)(void* instance, uint32_t, uint32_t, uint32_t, uint32_t);
  uint32_t (*resume)(void* instance, uint32_t index, uint32_t success);
  uint32_t (*compile)(void* instance);
  uint32_t (*eval)(void* instance, uint32_t flags);
  uint32_t (*drain)(void* instance);
} nx_guest_module;

/* The translations that were built, fastest first, ended by a null pointer. */
extern const nx_guest_module* const nx_guest_modules[];

/* SHA-256 of guest.wasm and of everything it is translated with, hexadecimal. */
extern const char nx_guest_build_hash[];

#ifdef __cplusplus
}
#endif

#endif
