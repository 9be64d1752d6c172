/* The functions of the host as bootstrap.js gets them, and the extension calls that wait. */
#ifndef NX_GUEST_NATIVES_H_
#define NX_GUEST_NATIVES_H_

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

/* Bytes of `slot`, terminated by a zero that does not count; freed by the caller. NULL without memory. */
uint8_t* nx_take_slot(unsigned slot, size_t* size);

/* Defines the functions and constants on `native`. */
void nx_define_natives(JSContext* ctx, JSValueConst native);

/* What Math.random gives from now on. */
void nx_seed_random(uint64_t a, uint64_t b);

/* Starts a new segment and settles the promise of extension call `index`: with `answer`, or with an Error
 * made of its message and code. An unknown index changes nothing. */
void nx_settle_call(JSContext* ctx, unsigned index, unsigned success, JSValueConst answer);

/* Copies member `name` of `from` to `to` when it is text; never throws. May run the handler's code. */
void nx_copy_text_member(JSContext* ctx, JSValueConst from, JSValueConst to, const char* name);

#endif
