/* JavaScript values to MessagePack and back, by the rules for values that leave a handler (design.md
 * section 4, "Values"): undefined is dropped in objects and null in lists, dates become ISO strings, and
 * what has no faithful form is an error that names the place. */
#ifndef NX_GUEST_CODEC_H_
#define NX_GUEST_CODEC_H_

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

/* Bytes being written; `data` belongs to the codec and is reused by the next nx_encode(). */
typedef struct nx_bytes {
  const uint8_t* data;
  size_t size;
} nx_bytes;

/* A script whose value nx_codec_init() learns from: one object of each kind the codec tells apart. */
#define NX_CODEC_SAMPLES                                                                      \
  "[{}, [], new Error(), new Date(0), new Proxy({}, {}), Object(1), Object(''), Object(true)," \
  " Date.prototype.toISOString]"

/* Learns the engine's class numbers from the value of NX_CODEC_SAMPLES; once, while the base image is
 * made. */
void nx_codec_init(JSContext* ctx, JSValueConst samples);

/* Encodes `value` into `out`. -1 with a pending exception (code SERIALIZATION_ERROR) when it cannot be.
 * `place` starts the path in that message, for example "$state.items". May run the handler's code
 * (getters, proxies). */
int nx_encode(JSContext* ctx, JSValueConst value, const char* place, nx_bytes* out);

/* The value of trusted, valid bytes; owned by the caller, an exception when memory runs out. */
JSValue nx_decode(JSContext* ctx, const uint8_t* data);

/* Throws an Error with the given `code` property. Always returns JS_EXCEPTION. */
JSValue nx_throw(JSContext* ctx, const char* name, const char* code, const char* message, size_t size);

#endif
