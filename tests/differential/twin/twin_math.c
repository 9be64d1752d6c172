/* wasi-libc's libm, translated as the guest is, under the names of twin_math.h. */
#define NX_TWIN_KEEPS_NAMES
#include "twin_math.h"

#include "libm.h"

static Z_libm_instance_t libm;

void nx_twin_math_init(void) {
  wasm_rt_init();
  Z_libm_init_module();
  Z_libm_instantiate(&libm);
}

#define NX_DEFINE(name) \
  double nx_twin_##name(double x) { return Z_libmZ_##name(&libm, x); }
NX_TWIN_UNARY(NX_DEFINE)
#undef NX_DEFINE
#define NX_DEFINE(name) \
  double nx_twin_##name(double x, double y) { return Z_libmZ_##name(&libm, x, y); }
NX_TWIN_BINARY(NX_DEFINE)
