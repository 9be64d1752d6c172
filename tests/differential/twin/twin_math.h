/* Included ahead of every file of the twin: the functions that have no single right answer come from the guest's
 * libm (twin_math.c), so that only the engine itself can make a difference. */
#ifndef NX_TWIN_MATH_H_
#define NX_TWIN_MATH_H_

#include <math.h>

#define NX_TWIN_UNARY(X) \
  X(acos) X(acosh) X(asin) X(asinh) X(atan) X(atanh) X(cbrt) X(cos) X(cosh) X(exp) X(expm1) X(log) X(log10) X(log1p) \
  X(log2) X(sin) X(sinh) X(tan) X(tanh)
#define NX_TWIN_BINARY(X) X(atan2) X(fmod) X(hypot) X(pow)

#define NX_DECLARE(name) double nx_twin_##name(double);
NX_TWIN_UNARY(NX_DECLARE)
#undef NX_DECLARE
#define NX_DECLARE(name) double nx_twin_##name(double, double);
NX_TWIN_BINARY(NX_DECLARE)
#undef NX_DECLARE

#ifndef NX_TWIN_KEEPS_NAMES
#define acos nx_twin_acos
#define acosh nx_twin_acosh
#define asin nx_twin_asin
#define asinh nx_twin_asinh
#define atan nx_twin_atan
#define atanh nx_twin_atanh
#define cbrt nx_twin_cbrt
#define cos nx_twin_cos
#define cosh nx_twin_cosh
#define exp nx_twin_exp
#define expm1 nx_twin_expm1
#define log nx_twin_log
#define log10 nx_twin_log10
#define log1p nx_twin_log1p
#define log2 nx_twin_log2
#define sin nx_twin_sin
#define sinh nx_twin_sinh
#define tan nx_twin_tan
#define tanh nx_twin_tanh
#define atan2 nx_twin_atan2
#define fmod nx_twin_fmod
#define hypot nx_twin_hypot
#define pow nx_twin_pow
#endif

#endif
